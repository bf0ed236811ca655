import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type ApiError, get, type Page } from './api.ts'

/** A listing that grows by its cursor. */
export interface Listing<Item> {
  items: Item[]
  /** The first page is not there yet. */
  isLoading: boolean
  hasMore: boolean
  error: ApiError | null
  more(): void
  reload(): void
  /** Changes what is shown, without asking again. */
  change(update: (items: Item[]) => Item[]): void
}

/** The listing at a path of `/v1`, in pages of a hundred; null for none. */
export function useList<Item>(path: string | null): Listing<Item> {
  const [items, setItems] = useState<Item[] | null>(null)
  const [next, setNext] = useState<string | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const run = useRef(0)
  const isBusy = useRef(false)
  // Not of the last rendering: whoever scrolls asks for more before the page that came is drawn.
  const cursor = useRef<string | null>(null)
  const shown = useRef(0)
  shown.current = items?.length ?? 0

  const load = useCallback(
    async (from: string | null) => {
      if (path === null) return
      const mine = from === null ? ++run.current : run.current
      isBusy.current = true
      try {
        // Asked for anew, as much as is shown, so that nobody loses the place where they read.
        const limit = from === null ? Math.min(1000, Math.max(100, shown.current)) : 100
        const at = `${path}${path.includes('?') ? '&' : '?'}limit=${limit}`
        const page = await get<Page<Item>>(from === null ? at : `${at}&cursor=${from}`)
        if (mine !== run.current) return
        setItems((before) => (from === null ? page.items : [...(before ?? []), ...page.items]))
        cursor.current = page.next ?? null
        setNext(cursor.current)
        setError(null)
      } catch (problem) {
        if (mine === run.current) setError(problem as ApiError)
      } finally {
        if (mine === run.current) isBusy.current = false
      }
    },
    [path],
  )
  useEffect(() => {
    shown.current = 0
    void load(null)
  }, [load])

  return {
    items: items ?? [],
    isLoading: items === null && error === null,
    hasMore: next !== null,
    error,
    more: () => {
      if (!isBusy.current && cursor.current !== null) void load(cursor.current)
    },
    reload: () => void load(null),
    change: (update) => setItems((before) => update(before ?? [])),
  }
}

/** One thing at a path of `/v1`. */
export function useThing<Thing>(path: string | null): {
  thing: Thing | null
  error: ApiError | null
  reload(): void
  set(thing: Thing): void
} {
  const [state, setState] = useState<{ path: string | null; thing: Thing | null }>({
    path,
    thing: null,
  })
  const [error, setError] = useState<ApiError | null>(null)
  const reload = useCallback(() => {
    if (path === null) return
    get<Thing>(path).then(
      (thing) => {
        setState({ path, thing })
        setError(null)
      },
      (problem) => setError(problem as ApiError),
    )
  }, [path])
  useEffect(reload, [reload])
  const thing = state.path === path ? state.thing : null
  return { thing, error, reload, set: (thing) => setState({ path, thing }) }
}
