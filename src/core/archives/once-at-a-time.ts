import type { Core } from '../core.ts'

/** Does work under a key; who asks for it while it is under way waits for the same and gets the same. */
export type OnceAtATime<Result> = (
  core: Core,
  key: string,
  work: () => Promise<Result>,
) => Promise<Result>

/** Work of one kind, of which nothing is under way; each installation has keys of its own. */
export function createOnceAtATime<Result>(): OnceAtATime<Result> {
  const works = new WeakMap<Core, Map<string, Promise<Result>>>()
  return async (core, key, work) => {
    const underWay = works.get(core) ?? new Map<string, Promise<Result>>()
    works.set(core, underWay)
    const known = underWay.get(key)
    if (known !== undefined) return await known
    const begun = work().finally(() => underWay.delete(key))
    underWay.set(key, begun)
    return await begun
  }
}
