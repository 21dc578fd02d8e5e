import { persistentVolumes, pods, resourceSlices, volumeAttachments } from '@kts/api';

import { followObjects, type FollowerOptions, type ObjectFollower } from '../follow/object-follower.ts';
import type { NodeReferences } from './node-references.ts';

type FollowerDeps = Pick<FollowerOptions<never>, 'ask' | 'clock' | 'log'>;

/** Keeps the references up with pods, volumes and attachments. */
export function followNodeReferences(references: NodeReferences, deps: FollowerDeps): readonly ObjectFollower[] {
  return [
    followObjects({
      ...deps,
      resource: pods,
      onObject: ({ namespace, name }, pod) => references.setPod(namespace, name, pod),
    }),
    followObjects({
      ...deps,
      resource: persistentVolumes,
      onObject: ({ name }, volume) => references.setVolume(name, volume),
    }),
    followObjects({
      ...deps,
      resource: volumeAttachments,
      onObject: ({ name }, attachment) => references.setVolumeAttachment(name, attachment?.spec.nodeName),
    }),
    followObjects({
      ...deps,
      resource: resourceSlices,
      onObject: ({ name }, slice) => references.setResourceSlice(name, slice?.spec.nodeName),
    }),
  ];
}
