/**
 * Tells of every flow schema whether the priority level that it refers to exists.
 *
 * Mirrors: status updates in staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go (v1.36)
 */
import { flowSchemas } from '@kts/api';
import type { FlowSchema, FlowSchemaCondition } from '@kts/api/types/flowcontrol-v1';
import { isNotFound } from '@kts/apimachinery';
import { formatTime, onAbort, type Clock, type Logger } from '@kts/base';
import type { Client } from '@kts/client';

const FIELD_MANAGER = 'api-priority-and-fairness-config-consumer-v1';
const DANGLING = 'Dangling';
/** Servers that know different levels for a while do not overwrite each other's conditions more often. */
const REWRITE_MS_MIN = 10_000;

/** The condition to write, if it is not so already. */
export function planDanglingCondition(
  { spec, status }: FlowSchema,
  levels: { has(name: string): boolean },
  now: string,
): FlowSchemaCondition | undefined {
  const { name } = spec.priorityLevelConfiguration;
  const found = levels.has(name);
  const wanted = {
    type: DANGLING,
    status: found ? 'False' : 'True',
    reason: found ? 'Found' : 'NotFound',
    message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)} ${found ? 'and it exists' : 'but there is no such object'}`,
  };
  const present = status?.conditions?.find(({ type }) => type === DANGLING);
  const isSame =
    present?.status === wanted.status && present.reason === wanted.reason && present.message === wanted.message;
  return isSame ? undefined : { ...wanted, lastTransitionTime: now };
}

export interface FlowConfiguration {
  readonly schemas: ReadonlyMap<string, FlowSchema>;
  readonly levels: { has(name: string): boolean };
}

interface FlowStatusDeps {
  readonly client: () => Client;
  readonly clock: Clock;
  readonly log: Logger;
}

export class FlowStatuses {
  readonly #deps: FlowStatusDeps;
  readonly #writtenAt = new Map<string, number>();
  #configuration: FlowConfiguration | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(deps: FlowStatusDeps) {
    this.#deps = deps;
  }

  /** Called with every change. */
  take(configuration: FlowConfiguration): void {
    this.#configuration = configuration;
    this.#changed.resolve();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    using _subscription = onAbort(signal, () => this.#changed.resolve());
    while (!signal.aborted) {
      await this.#changed.promise;
      if (signal.aborted) return;
      this.#changed = Promise.withResolvers();
      if (await this.#write(signal)) continue;
      await clock.sleep(REWRITE_MS_MIN, signal).catch(() => {});
      this.#changed.resolve();
    }
  }

  /** Whether every condition is as it should be. */
  async #write(signal: AbortSignal): Promise<boolean> {
    const { schemas, levels } = this.#configuration!;
    const { clock, client, log } = this.#deps;
    let done = true;
    for (const [name, schema] of schemas) {
      const condition = planDanglingCondition(schema, levels, formatTime(clock.now()));
      if (!condition) continue;
      const writtenAt = this.#writtenAt.get(name);
      if (writtenAt !== undefined && clock.monotonic() - writtenAt < REWRITE_MS_MIN) {
        done = false;
        continue;
      }
      this.#writtenAt.set(name, clock.monotonic());
      const told = { metadata: { name }, status: { conditions: [condition] } };
      const options = { subresource: 'status', fieldManager: FIELD_MANAGER, force: true, signal };
      try {
        await client().apply(flowSchemas, told, options);
      } catch (error) {
        if (isNotFound(error)) continue;
        if (signal.aborted) return true;
        log.warn('cannot write the status of a flow schema', { name, error });
        done = false;
      }
    }
    return done;
  }
}
