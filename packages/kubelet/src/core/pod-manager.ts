import type { Pod } from '@kts/api/types/core-v1';
import { keyText } from '@kts/apimachinery';
import { CONFIG_MIRROR_ANNOTATION, isMirrorPod, isStaticPod } from '../pod/containers.ts';

/**
 * The pods that this node is to run: those bound to it in the API, and static ones. The pods that show static pods in
 * the API are kept apart.
 *
 * Mirrors: pkg/kubelet/pod/pod_manager.go (v1.36)
 */
export class PodManager {
  readonly #pods = new Map<string, Pod>();
  /** By `namespace/name`, which a mirror shares with its static pod. */
  readonly #mirrors = new Map<string, Pod>();
  /** By uid, also of a static pod that is gone while its mirror still shows its end. */
  readonly #staticNames = new Map<string, string>();

  set(pod: Pod): void {
    if (isMirrorPod(pod)) {
      this.#mirrors.set(keyText(pod.metadata), pod);
      return;
    }
    this.#pods.set(pod.metadata.uid, pod);
    if (isStaticPod(pod)) this.#staticNames.set(pod.metadata.uid, keyText(pod.metadata));
  }

  remove(pod: Pod): void {
    if (!isMirrorPod(pod)) this.#pods.delete(pod.metadata.uid);
    else if (this.#mirrors.get(keyText(pod.metadata))?.metadata.uid === pod.metadata.uid) {
      this.#mirrors.delete(keyText(pod.metadata));
      for (const [uid, name] of this.#staticNames) {
        if (name === keyText(pod.metadata) && !this.#pods.has(uid)) this.#staticNames.delete(uid);
      }
    }
  }

  get(uid: string): Pod | undefined {
    return this.#pods.get(uid);
  }

  byName(namespace: string, name: string): Pod | undefined {
    return this.all().find((pod) => pod.metadata.namespace === namespace && pod.metadata.name === name);
  }

  /** Without mirrors. */
  all(): readonly Pod[] {
    return [...this.#pods.values()];
  }

  mirrors(): readonly Pod[] {
    return [...this.#mirrors.values()];
  }

  /** `null`: not a static pod. `undefined`: it has no mirror. */
  mirrorOf(uid: string): Pod | null | undefined {
    const name = this.#staticNames.get(uid);
    return name === undefined ? null : this.#mirrors.get(name);
  }

  /** The static pod that a mirror shows. */
  staticOf(mirror: Pod): Pod | undefined {
    return this.all().find((pod) => isStaticPod(pod) && keyText(pod.metadata) === keyText(mirror.metadata));
  }

  /** Mirrors whose static pod is gone. */
  orphanedMirrors(): readonly Pod[] {
    return this.mirrors().filter((mirror) => !this.staticOf(mirror));
  }
}

/** Whether the mirror shows the static pod as it is now. */
export function isMirrorOf(mirror: Pod, pod: Pod): boolean {
  const hash = mirror.metadata.annotations?.[CONFIG_MIRROR_ANNOTATION];
  return hash !== undefined && hash === pod.metadata.annotations?.['kubernetes.io/config.hash'];
}
