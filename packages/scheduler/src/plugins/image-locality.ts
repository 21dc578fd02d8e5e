import type { Pod } from '@kts/api/types/core-v1';
import { SKIP, type Plugin } from '../framework/plugin.ts';

/**
 * Prefers nodes that already have the pod's images, by their size. An image that few nodes have counts less, so that
 * one node does not attract all pods.
 *
 * Mirrors: pkg/scheduler/framework/plugins/imagelocality/image_locality.go (v1.36)
 */
const MEBIBYTE = 1024 * 1024;
const BYTES_MIN = 23 * MEBIBYTE;
const BYTES_PER_CONTAINER_MAX = 1000 * MEBIBYTE;

interface LocalImages {
  /** What each of the pod's images, by name, is worth on a node that has it. */
  readonly worth: ReadonlyMap<string, number>;
  readonly images: readonly string[];
  readonly max: number;
}

export const imageLocality: Plugin<undefined, LocalImages> = {
  name: 'ImageLocality',
  preScore: ({ pod }, snapshot) => {
    const images = imagesOf(pod);
    const worth = new Map<string, number>();
    for (const name of images) {
      const state = snapshot.images.get(name);
      if (state) worth.set(name, Math.trunc(state.sizeBytes * (state.nodes / snapshot.nodes.length)));
    }
    // Every node would score 0.
    if (worth.size === 0) return SKIP;
    const containers = pod.spec.containers.length + (pod.spec.initContainers?.length ?? 0);
    return { state: { worth, images, max: BYTES_PER_CONTAINER_MAX * containers } };
  },
  score: (_, { node }, { worth, images, max }) => {
    let sum = 0;
    for (const image of images) {
      const bytes = worth.get(image);
      if (bytes !== undefined && node.status?.images?.some(({ names }) => names?.includes(image))) sum += bytes;
    }
    return Math.trunc((100 * (Math.min(Math.max(sum, BYTES_MIN), max) - BYTES_MIN)) / (max - BYTES_MIN));
  },
};

/** Of containers and image volumes, one entry for every use. */
function imagesOf({ spec }: Pod): readonly string[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const volumes = (spec.volumes ?? []).flatMap(({ image }) => image?.reference ?? []);
  return [...containers.map(({ image = '' }) => image), ...volumes].map(withTag);
}

function withTag(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
