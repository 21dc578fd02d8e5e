import type { Plugin } from '../framework/plugin.ts';

/**
 * Binds through the API server.
 *
 * Mirrors: pkg/scheduler/framework/plugins/defaultbinder/default_binder.go (v1.36)
 */
export const defaultBinder: Plugin = {
  name: 'DefaultBinder',
  bind: ({ pod, uid }, node, { client, signal }) =>
    client.bind({ namespace: pod.metadata.namespace, name: pod.metadata.name, uid }, node.name, { signal }),
};
