import type { DownloadType } from '../../src/core/download-type.ts'

/** A download type that takes any `info` and asks for `download:<name>`. */
export function downloadType(name: string, more: Partial<DownloadType> = {}): DownloadType {
  return {
    name,
    title: name,
    description: '',
    permission: `download:${name}`,
    retentionSeconds: 3600,
    infoSchema: null,
    checkInfo: () => null,
    producedBy: 'server',
    maxAttempts: 3,
    ...more,
  }
}
