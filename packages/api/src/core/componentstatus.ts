import { defineResource } from '../define-resource.ts';
import type { ComponentStatus } from '../gen/core-v1.gen.ts';

/**
 * The health of a component, found out when it is read. Deprecated, and not stored.
 *
 * Mirrors: printComponentStatus in pkg/printers/internalversion/printers.go (v1.36)
 */
export const componentStatuses = defineResource<ComponentStatus>('v1', 'componentstatuses', {
  generation: 'none',
  cells: ({ metadata, conditions }) => {
    const healthy = conditions?.find(({ type }) => type === 'Healthy');
    const state = healthy?.status === 'True' ? 'Healthy' : 'Unhealthy';
    return [metadata.name, healthy ? state : 'Unknown', healthy?.message ?? '', healthy?.error ?? ''];
  },
});
