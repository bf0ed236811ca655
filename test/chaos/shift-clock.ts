/**
 * Loaded before a server, with `--import`: the signal SIGUSR2 shifts the clock that it sees by
 * `TEST_CLOCK_MS`, the next one shifts it back, as when somebody sets the machine's time.
 */
const realNow = Date.now
const shift = Number(process.env.TEST_CLOCK_MS)
let offset = 0
process.on('SIGUSR2', () => {
  offset = offset === 0 ? shift : 0
})
Date.now = () => realNow() + offset
globalThis.Date = new Proxy(Date, {
  construct: (target, words, newTarget) =>
    Reflect.construct(target, words.length === 0 ? [Date.now()] : words, newTarget),
})
