/**
 * What each node has to do with: the objects that its pods use, the volumes attached to it.
 *
 * Mirrors: plugin/pkg/auth/authorizer/node/graph.go and pkg/api/v1/pod/util.go (v1.36)
 * Differs: paths are at most three objects long, so they are looked up and not searched for in a graph.
 */
import type { PersistentVolume, Pod, PodSpec, Volume } from '@kts/api/types/core-v1';

export type ReferencedKind =
  | 'secret'
  | 'configmap'
  | 'persistentvolumeclaim'
  | 'persistentvolume'
  | 'serviceaccount'
  | 'resourceclaim'
  | 'pod'
  | 'volumeattachment'
  | 'resourceslice';

interface Holder {
  readonly node: string;
  readonly references: readonly string[];
}

export class NodeReferences {
  /** What a pod, an attachment or a slice refers to, and for which node, by its own reference. */
  readonly #holders = new Map<string, Holder>();
  /** How many holders connect a reference with a node. */
  readonly #nodes = new Map<string, Map<string, number>>();
  /** The claim of a volume, and the volumes that use a secret. */
  readonly #claims = new Map<string, string>();
  readonly #volumeSecrets = new Map<string, readonly string[]>();
  readonly #secretVolumes = new Map<string, Set<string>>();

  setPod(namespace: string, name: string, pod: Pod | undefined): void {
    const own = key('pod', namespace, name);
    this.#set(own, pod?.spec?.nodeName, pod ? [own, ...podReferences(pod)] : []);
  }

  setVolumeAttachment(name: string, node: string | undefined): void {
    const own = key('volumeattachment', '', name);
    this.#set(own, node, [own]);
  }

  setResourceSlice(name: string, node: string | undefined): void {
    const own = key('resourceslice', '', name);
    this.#set(own, node, [own]);
  }

  setVolume(name: string, volume: PersistentVolume | undefined): void {
    for (const secret of this.#volumeSecrets.get(name) ?? []) this.#secretVolumes.get(secret)?.delete(name);
    this.#volumeSecrets.delete(name);
    this.#claims.delete(name);
    const claim = volume?.spec?.claimRef;
    if (!volume || !claim?.name || !claim.namespace) return;
    this.#claims.set(name, key('persistentvolumeclaim', claim.namespace, claim.name));
    const secrets = volumeSecrets(volume, claim.namespace);
    this.#volumeSecrets.set(name, secrets);
    for (const secret of secrets) this.#secretVolumes.getOrInsertComputed(secret, () => new Set()).add(name);
  }

  /** Whether the object has anything to do with the node. */
  has(node: string, kind: ReferencedKind, namespace: string, name: string): boolean {
    const reference = key(kind, namespace, name);
    if (this.#nodes.get(reference)?.has(node)) return true;
    if (kind === 'persistentvolume') return this.#volumeIsFor(node, name);
    if (kind !== 'secret') return false;
    for (const volume of this.#secretVolumes.get(reference) ?? []) if (this.#volumeIsFor(node, volume)) return true;
    return false;
  }

  #volumeIsFor(node: string, volume: string): boolean {
    const claim = this.#claims.get(volume);
    return claim !== undefined && (this.#nodes.get(claim)?.has(node) ?? false);
  }

  #set(own: string, node: string | undefined, references: readonly string[]): void {
    const before = this.#holders.get(own);
    if (before) for (const reference of before.references) this.#count(reference, before.node, -1);
    this.#holders.delete(own);
    if (!node) return;
    this.#holders.set(own, { node, references });
    for (const reference of references) this.#count(reference, node, 1);
  }

  #count(reference: string, node: string, change: number): void {
    const nodes = this.#nodes.getOrInsertComputed(reference, () => new Map<string, number>());
    const count = (nodes.get(node) ?? 0) + change;
    if (count > 0) nodes.set(node, count);
    else nodes.delete(node);
    if (nodes.size === 0) this.#nodes.delete(reference);
  }
}

function key(kind: ReferencedKind, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}

/** Everything a pod's node may have to read for it. Mirror pods are made by the node and prove nothing. */
export function podReferences(pod: Pod): readonly string[] {
  const { namespace, annotations, name: podName } = pod.metadata;
  if (annotations?.['kubernetes.io/config.mirror'] !== undefined || !pod.spec) return [];
  const found = new Set<string>();
  const add = (kind: ReferencedKind, name: string | undefined): void => {
    if (name) found.add(key(kind, namespace, name));
  };
  const { spec, status } = pod;
  add('serviceaccount', spec.serviceAccountName);
  for (const secret of spec.imagePullSecrets ?? []) add('secret', secret.name);
  for (const container of allContainers(spec)) {
    for (const { valueFrom } of container.env ?? []) {
      add('secret', valueFrom?.secretKeyRef?.name);
      add('configmap', valueFrom?.configMapKeyRef?.name);
    }
    for (const { secretRef, configMapRef } of container.envFrom ?? []) {
      add('secret', secretRef?.name);
      add('configmap', configMapRef?.name);
    }
  }
  for (const volume of spec.volumes ?? []) {
    for (const secret of secretsOfVolume(volume)) add('secret', secret);
    add('configmap', volume.configMap?.name);
    for (const source of volume.projected?.sources ?? []) {
      add('secret', source.secret?.name);
      add('configmap', source.configMap?.name);
    }
    add('persistentvolumeclaim', volume.persistentVolumeClaim?.claimName);
    if (volume.ephemeral) add('persistentvolumeclaim', `${podName}-${volume.name}`);
  }
  for (const claim of spec.resourceClaims ?? []) {
    const made = status?.resourceClaimStatuses?.find(({ name }) => name === claim.name)?.resourceClaimName;
    add('resourceclaim', claim.resourceClaimName ?? made);
  }
  add('resourceclaim', status?.extendedResourceClaimStatus?.resourceClaimName);
  return [...found];
}

function allContainers(spec: PodSpec) {
  return [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
}

function secretsOfVolume(volume: Volume): readonly (string | undefined)[] {
  return [
    volume.secret?.secretName,
    volume.azureFile?.secretName,
    volume.cephfs?.secretRef?.name,
    volume.flexVolume?.secretRef?.name,
    volume.rbd?.secretRef?.name,
    volume.scaleIO?.secretRef?.name,
    volume.iscsi?.secretRef?.name,
    volume.storageos?.secretRef?.name,
    volume.csi?.nodePublishSecretRef?.name,
  ];
}

/** Secrets of a volume are in a namespace of their own, or in that of its claim. */
function volumeSecrets({ spec }: PersistentVolume, claimNamespace: string): readonly string[] {
  if (!spec) return [];
  const { csi } = spec;
  const references = [
    spec.cephfs?.secretRef,
    spec.flexVolume?.secretRef,
    spec.rbd?.secretRef,
    spec.scaleIO?.secretRef,
    spec.iscsi?.secretRef,
    spec.storageos?.secretRef,
    csi?.controllerPublishSecretRef,
    csi?.nodePublishSecretRef,
    csi?.nodeStageSecretRef,
    csi?.controllerExpandSecretRef,
    csi?.nodeExpandSecretRef,
    spec.azureFile && { name: spec.azureFile.secretName, namespace: spec.azureFile.secretNamespace },
  ];
  return references.flatMap((reference) =>
    reference?.name ? [key('secret', reference.namespace || claimNamespace, reference.name)] : [],
  );
}
