import { diskCodeOf } from '../client/files/disk-code.ts'

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not do that',
  EPERM: 'this user may not do that',
  EIO: 'the disk fails',
  EROFS: 'the disk can only be read',
  ENOSPC: 'the disk is full',
  EFBIG: 'the file is longer than may be written',
  EDQUOT: 'the quota is used up',
  EEXIST: 'a file is in the way',
  ENOTDIR: 'a part of the path is a file',
  EISDIR: 'it is a folder',
  ENOENT: 'it is not there',
  ELOOP: 'its links go round in a circle',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many files are open',
}

/** What the file system refused, as a sentence for the operator; null for any other error. */
export function explainSystemError(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const { path, syscall = 'use' } = error as NodeJS.ErrnoException
  const code = diskCodeOf(error)
  const reason = reasons[code]
  if (reason === undefined) return null
  // An open file does not say which one it is.
  const what = path === undefined ? 'a file' : path
  return `Cannot ${verbs[syscall] ?? 'use'} ${what}: ${reason} (${code}).`
}

const verbs: Readonly<Record<string, string>> = {
  open: 'open',
  mkdir: 'make the folder',
  copyfile: 'write a copy of',
  chmod: 'change the permissions of',
  unlink: 'remove',
  read: 'read',
  write: 'write',
  fsync: 'write',
  fdatasync: 'write',
}
