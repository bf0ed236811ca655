/** Milliseconds since the Unix epoch, UTC. An argument everywhere, so that tests move it. */
export type Clock = () => number

/** This machine's own clock. */
export const systemClock: Clock = () => Date.now()
