import type { RemoteFile } from '../remote-file.ts'
import type { FolderRecord } from './folder-record.ts'
import { foldName, safePath } from './safe-path.ts'

/** Says under which path each file of a run is put: the same in every run, and no two alike. */
export interface PathBook {
  /** @param name the file's, or what the answer called it */
  assign(file: RemoteFile, name: string): string
}

/** A book that goes on where the record of earlier runs ends. */
export function createPathBook(record: FolderRecord, layout: 'flat' | 'tree'): PathBook {
  const taken = new Map<string, string>()
  return {
    assign({ id, folders }, name) {
      const wanted = safePath(layout === 'tree' ? folders : [], lastPart(name, layout))
      const before = record.pathOf(id)
      // Where it lies from an earlier run, unless that was under another layout.
      const start = before !== null && isVariant(before, wanted) ? before : wanted
      for (let number = 1; ; number += 1) {
        const path = number === 1 ? start : numbered(wanted, number)
        const owner = taken.get(foldName(path))
        if (owner !== undefined && owner !== id) continue
        taken.set(foldName(path), id)
        return path
      }
    },
  }
}

/** A name may have folders of its own; flat takes only what it ends with. */
function lastPart(name: string, layout: 'flat' | 'tree'): string {
  return layout === 'tree' ? name : (name.split(/[/\\]/).findLast((part) => part !== '') ?? name)
}

/** `a (2).txt` for `a.txt`. */
function numbered(path: string, number: number): string {
  const slash = path.lastIndexOf('/') + 1
  const dot = path.lastIndexOf('.')
  const cut = dot > slash ? dot : path.length
  return `${path.slice(0, cut)} (${number})${path.slice(cut)}`
}

function isVariant(path: string, wanted: string): boolean {
  if (path === wanted) return true
  const number = / \((\d+)\)(?:\.[^./]*)?$/.exec(path)?.[1]
  return number !== undefined && numbered(wanted, Number(number)) === path
}
