import type { Texts } from './en.ts'
import { administrator } from './fr/administrator.ts'
import { customer } from './fr/customer.ts'
import { shared } from './fr/shared.ts'

/** Le catalogue français. */
export const fr: Texts = { ...shared, ...customer, ...administrator }
