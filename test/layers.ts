/** Which package may import which: every package of a layer may import the packages of lower layers, and those listed. */
export const LAYERS: readonly (readonly string[])[] = [
  ['base'],
  ['apimachinery'],
  ['cel', 'grpc'],
  ['api', 'store', 'client'],
  ['controlkit', 'host-cri', 'host-linux'],
  ['apiserver', 'controller-manager', 'scheduler', 'kubelet', 'proxy', 'dns', 'metrics'],
  ['cluster'],
  ['cli'],
];

/** Edges within a layer, one by one; they must stay free of cycles. */
export const SAME_LAYER: Readonly<Record<string, readonly string[]>> = {};

export function mayImport(from: string, to: string): boolean {
  const layerOf = (name: string): number => LAYERS.findIndex((layer) => layer.includes(name));
  return layerOf(to) < layerOf(from) || (SAME_LAYER[from] ?? []).includes(to);
}
