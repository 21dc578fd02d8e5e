import type { Clock } from '@kts/base';
import type { Meter } from './meter.ts';

/**
 * The same service, with its calls counted.
 *
 * Mirrors: pkg/kubelet/kuberuntime/instrumented_services.go (v1.36)
 */
export function metered<S extends object>(service: S, meter: Meter, clock: Clock): S {
  const calls = new Map<string, unknown>();
  return new Proxy(service, {
    get(target, property) {
      const method = Reflect.get(target, property) as unknown;
      if (typeof method !== 'function' || typeof property !== 'string') return method;
      return calls.getOrInsertComputed(property, () => meteredCall(target, property, meter, clock));
    },
  });
}

/** The method is looked up with every call: it may be another by then. */
function meteredCall(
  target: object,
  method: string,
  meter: Meter,
  clock: Clock,
): (...args: readonly unknown[]) => unknown {
  const labels = { operation_type: operationType(method) };
  return async (...args) => {
    const start = clock.monotonic();
    try {
      return (await Reflect.apply(Reflect.get(target, method) as Method, target, args)) as unknown;
    } catch (error) {
      meter.count('kubelet_runtime_operations_errors_total', labels);
      throw error;
    } finally {
      meter.count('kubelet_runtime_operations_total', labels);
      meter.observe('kubelet_runtime_operations_duration_seconds', labels, (clock.monotonic() - start) / 1000);
    }
  };
}

type Method = (...args: readonly unknown[]) => unknown;

/** `createContainer` is `create_container`, `runPodSandbox` is `run_podsandbox`. */
export function operationType(method: string): string {
  return method.replace('odSandbox', 'odsandbox').replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
