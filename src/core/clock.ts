/** Milliseconds since the Unix epoch, UTC. An argument everywhere, so that tests move it. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()
