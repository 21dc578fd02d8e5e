import { sleepWith, type Clock, type Timer } from './clock.ts';

/** setTimeout's limit: a longer delay would fire at once. */
const DELAY_MS_MAX = 2 ** 31 - 1;

/** Real time. Only `main.ts` files choose it; everything else receives a `Clock`. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, callback) => startTimer(ms, callback),
  sleep: (ms, signal) => sleepWith(systemClock, ms, signal),
};

function startTimer(ms: number, callback: () => void): Timer {
  if (ms <= DELAY_MS_MAX) {
    const handle = setTimeout(callback, Math.max(0, ms));
    return { cancel: () => clearTimeout(handle) };
  }
  let rest: Timer;
  const handle = setTimeout(() => {
    rest = startTimer(ms - DELAY_MS_MAX, callback);
  }, DELAY_MS_MAX);
  rest = { cancel: () => clearTimeout(handle) };
  return { cancel: () => rest.cancel() };
}
