import type { CallOptions } from '@kts/grpc';
import { GrpcError, GRPC_CODES, type GrpcCode } from '@kts/grpc';
import type { CallScript, RuntimeScript } from './script.ts';

/** A call that changed something, or tried to. */
export interface RecordedCall {
  /** As in the proto: `RunPodSandbox`. */
  readonly method: string;
  readonly request: unknown;
  readonly error?: { readonly code: GrpcCode; readonly message: string };
}

/** Keeps what a scripted runtime was asked, and makes the calls fail that the script names. */
export class ScriptedCalls {
  readonly list: RecordedCall[] = [];
  readonly #counts = new Map<string, number>();
  #faults: NonNullable<RuntimeScript['faults']> = {};

  play(script: RuntimeScript): void {
    this.#faults = script.faults ?? {};
    this.#counts.clear();
  }

  async run<T>(method: string, request: unknown, options: CallOptions | undefined, work: () => Promise<T>): Promise<T> {
    options?.signal?.throwIfAborted();
    const index = this.list.length;
    this.list.push({ method, request });
    try {
      const count = this.#counts.get(method) ?? 0;
      this.#counts.set(method, count + 1);
      const fault = this.#faults[method]?.[count];
      if (fault) this.fail(fault);
      return await work();
    } catch (error) {
      if (GrpcError.is(error)) {
        this.list[index] = { method, request, error: { code: error.code, message: error.description } };
      }
      throw error;
    }
  }

  fail({ code = 'UNKNOWN', message = '' }: CallScript): never {
    const wanted = code.replaceAll('_', '').toLowerCase();
    const known = Object.keys(GRPC_CODES).find((name) => name.toLowerCase() === wanted);
    throw new GrpcError((known as GrpcCode | undefined) ?? 'Unknown', message);
  }
}
