import type { Clock } from '@kts/base';
import type { Meter } from './meter.ts';

/**
 * The same service, with its calls counted.
 *
 * Mirrors: pkg/kubelet/kuberuntime/instrumented_services.go (v1.36)
 */
export function metered<S extends object>(service: S, meter: Meter, clock: Clock): S {
  return new Proxy(service, {
    get(target, property) {
      const method = Reflect.get(target, property) as unknown;
      if (typeof method !== 'function' || typeof property !== 'string') return method;
      const labels = { operation_type: operationType(property) };
      return async (...args: readonly unknown[]): Promise<unknown> => {
        const start = clock.monotonic();
        try {
          return (await Reflect.apply(method, target, args)) as unknown;
        } catch (error) {
          meter.count('kubelet_runtime_operations_errors_total', labels);
          throw error;
        } finally {
          meter.count('kubelet_runtime_operations_total', labels);
          meter.observe('kubelet_runtime_operations_duration_seconds', labels, (clock.monotonic() - start) / 1000);
        }
      };
    },
  });
}

/** `createContainer` is `create_container`, `runPodSandbox` is `run_podsandbox`. */
export function operationType(method: string): string {
  return method.replace('odSandbox', 'odsandbox').replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
