import { administrator } from './en/administrator.ts'
import { customer } from './en/customer.ts'
import { shared } from './en/shared.ts'

/** The English catalogue; every other one has the same keys. */
export const en = { ...shared, ...customer, ...administrator } as const

export type TextKey = keyof typeof en
/** What every catalogue has. */
export type Texts = Record<TextKey, string>
