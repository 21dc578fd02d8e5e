import type { RuntimeHandlerFeatures, RuntimeService } from '@kts/host-cri';

/** What the runtime says about itself; asked for again and again, because it may start later than the kubelet. */
export interface RuntimeInfo {
  readonly name: string;
  readonly version: string;
  readonly handlers: ReadonlyMap<string, RuntimeHandlerFeatures>;
  readonly supplementalGroupsPolicy: boolean;
  /** Why it cannot run pods; empty: it can. */
  readonly runtimeProblem: string;
  readonly networkProblem: string;
}

export const UNKNOWN_RUNTIME: RuntimeInfo = {
  name: '',
  version: '',
  handlers: new Map(),
  supplementalGroupsPolicy: false,
  runtimeProblem: 'container runtime status check may not have completed yet',
  networkProblem: '',
};

/** Whether containers can have image volumes of this runtime: containerd has them since 2.1. */
export function mountsImages({ name, version }: Pick<RuntimeInfo, 'name' | 'version'>): boolean {
  if (name !== 'containerd') return true;
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 1);
}

/** Mirrors: pkg/kubelet/kubelet.go, updateRuntimeUp (v1.36) */
export async function readRuntimeInfo(runtime: RuntimeService, signal: AbortSignal): Promise<RuntimeInfo> {
  const version = await runtime.version({ version: 'v1' }, { signal });
  const { status, runtimeHandlers, features } = await runtime.status({}, { signal });
  const problem = (type: string): string => {
    const condition = status?.conditions.find((one) => one.type === type);
    if (condition?.status) return '';
    if (!condition)
      return type === 'RuntimeReady' ? 'container runtime not ready: RuntimeReady condition is not set' : '';
    const what = type === 'RuntimeReady' ? 'container runtime not ready' : 'container runtime network not ready';
    return `${what}: ${type}=false reason:${condition.reason} message:${condition.message}`;
  };
  return {
    name: version.runtimeName,
    version: version.runtimeVersion,
    handlers: new Map(
      runtimeHandlers.map((handler) => [
        handler.name,
        handler.features ?? { recursiveReadOnlyMounts: false, userNamespaces: false },
      ]),
    ),
    supplementalGroupsPolicy: features?.supplementalGroupsPolicy ?? false,
    runtimeProblem: problem('RuntimeReady'),
    networkProblem: problem('NetworkReady'),
  };
}
