import type { SubresourceHandler } from './subresource.ts';

/** How the server reaches kubelets. */
export interface KubeletConnector {
  readonly name: string;
}

export function kubeletHandlers(
  _kubelets: KubeletConnector | undefined,
): readonly (readonly [string, SubresourceHandler])[] {
  return [];
}
