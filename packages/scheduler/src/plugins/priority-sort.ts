import type { Plugin } from '../framework/plugin.ts';

/**
 * Higher priority first; among equals the one that waits longest.
 *
 * Mirrors: pkg/scheduler/framework/plugins/queuesort/priority_sort.go (v1.36)
 */
export const prioritySort: Plugin = {
  name: 'PrioritySort',
  less: (one, other) =>
    one.info.priority > other.info.priority ||
    (one.info.priority === other.info.priority && one.timestamp < other.timestamp),
};
