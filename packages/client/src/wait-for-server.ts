import type { Clock, Logger } from '@kts/base';

import { TransportError, type Transport } from './transport.ts';

const RETRY_MS = 500;

/**
 * For the start of a process: waits until the server answers, whatever it says. Logs once that it does not. False if the
 * signal was aborted before.
 */
export async function waitForServer(
  transport: Transport,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<boolean> {
  let isLogged = false;
  while (!signal.aborted) {
    try {
      await transport.request({ method: 'GET', path: '/version', signal });
      return true;
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof TransportError)) return true;
      if (!isLogged) log.error('the API server cannot be reached; trying again until it can', { error });
      isLogged = true;
    }
    await clock.sleep(RETRY_MS, signal).catch(() => {});
  }
  return false;
}
