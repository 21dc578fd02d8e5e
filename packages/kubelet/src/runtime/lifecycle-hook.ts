import type { LifecycleHandler, Pod } from '@kts/api/types/core-v1';
import type { Clock } from '@kts/base';
import type { RuntimeService } from '@kts/host-cri';
import type { NetworkProber } from '../host/node-host.ts';
import { describePod, type AnyContainer } from '../pod/containers.ts';
import { httpProbeRequest } from '../probes/http-request.ts';
import { requestHttp } from '../probes/request-http.ts';
import type { HttpProbeRequest } from '../host/node-host.ts';
import { execCommand } from './exec-command.ts';

/** A hook did not succeed; the message goes into the container's status. */
export class HookError extends Error {
  override readonly name = 'HookError';
}

export interface HookContext {
  readonly runtime: RuntimeService;
  readonly network: NetworkProber;
  readonly clock: Clock;
  readonly pod: Pod;
  readonly container: AnyContainer;
  readonly containerId: string;
  /** Of the pod, now. */
  readonly podIPs: () => Promise<readonly string[]>;
}

const HTTP_TIMEOUT_MS = 60_000;

/**
 * Runs a postStart or preStop hook to its end. Throws HookError.
 *
 * Mirrors: pkg/kubelet/lifecycle/handlers.go (v1.36)
 */
export async function runLifecycleHook(
  handler: LifecycleHandler,
  context: HookContext,
  signal: AbortSignal,
): Promise<void> {
  const where = `for Container "${context.container.name}" in Pod "${describePod(context.pod)}" failed - error:`;
  if (handler.exec) {
    const command = handler.exec.command ?? [];
    const { output, error } = await execCommand(context.runtime, context.containerId, command, 0, signal);
    if (error === undefined) return;
    throw new HookError(
      `Exec lifecycle hook ([${command.join(' ')}]) ${where} ${error}, message: ${JSON.stringify(output)}`,
    );
  }
  if (handler.httpGet) {
    try {
      await runHttpHook(handler.httpGet, context, signal);
    } catch (error) {
      throw new HookError(`HTTP lifecycle hook (${handler.httpGet.path ?? ''}) ${where} ${(error as Error).message}`, {
        cause: error,
      });
    }
    return;
  }
  if (handler.sleep) {
    await context.clock.sleep(handler.sleep.seconds * 1000, signal);
    return;
  }
  throw new HookError('Cannot run handler: invalid handler');
}

async function runHttpHook(
  action: NonNullable<LifecycleHandler['httpGet']>,
  context: HookContext,
  signal: AbortSignal,
): Promise<void> {
  const podIP = action.host || (await context.podIPs())[0];
  if (podIP === undefined) throw new HookError('failed to find networking container');
  const request = httpProbeRequest(action, context.container, podIP, 'lifecycle', HTTP_TIMEOUT_MS);
  try {
    await requestHttp(context.network, context.clock, request, signal);
  } catch (error) {
    const text = (error as Error).message;
    if (request.scheme === 'https' && text.includes('server gave HTTP response to HTTPS client')) {
      await requestHttp(context.network, context.clock, withoutTls(request), signal);
      return;
    }
    throw new HookError(text, { cause: error });
  }
}

function withoutTls(request: HttpProbeRequest): HttpProbeRequest {
  return { ...request, scheme: 'http', headers: request.headers.filter(([name]) => name !== 'Authorization') };
}
