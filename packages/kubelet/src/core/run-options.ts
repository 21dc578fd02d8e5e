import { isNotFound } from '@kts/apimachinery';
import { runtimeClasses } from '@kts/api';
import type { Pod, Service } from '@kts/api/types/core-v1';
import { fnv1a32, type Clock, type Random } from '@kts/base';
import type { Client } from '@kts/client';
import type { ImageSpec, Mount } from '@kts/host-cri';
import type { KubeletConfig } from '../config.ts';
import type { ClaimManager } from '../claims/claim-manager.ts';
import type { DeviceManager } from '../devices/device-manager.ts';
import { containerEnvironment, ContainerConfigError } from '../environment/container-environment.ts';
import { serviceEnvironment } from '../environment/service-environment.ts';
import { isFileError } from '../host/file-system.ts';
import type { NodeHost } from '../host/node-host.ts';
import { parseResolvConf, podDns, type ResolvConf } from '../network/dns-config.ts';
import { hostNetworkHostsFile, podHostsFile } from '../network/hosts-file.ts';
import { kernelHostname, podHostname } from '../network/pod-hostname.ts';
import { describePod, isStaticPod, podReference, type AnyContainer } from '../pod/containers.ts';
import type { PodEvents } from '../pod/pod-events.ts';
import type { ResourceList } from '../pod/resource-list.ts';
import type { ContainerDevices } from '../plugins/plugin-protocols.ts';
import type { ResourceSettings } from '../runtime/linux-resources.ts';
import type { ContainerOptions, RunOptions } from '../runtime/run-options.ts';
import type { SandboxSettings } from '../runtime/sandbox-config.ts';
import { namespaceOptions } from '../runtime/security-context.ts';
import type { UserNamespaces } from '../runtime/user-namespaces.ts';
import type { ObjectReader } from '../sources/object-reader.ts';
import { containerMounts } from '../volumes/container-mounts.ts';
import type { VolumeManager } from '../volumes/volume-manager.ts';
import type { RuntimeInfo } from './runtime-info.ts';

export interface RunOptionsDeps {
  readonly config: KubeletConfig;
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly host: NodeHost;
  readonly events: PodEvents;
  readonly volumes: VolumeManager;
  readonly objects: ObjectReader;
  readonly userNamespaces: UserNamespaces;
  readonly resources: ResourceSettings;
  readonly runtimeInfo: () => RuntimeInfo;
  readonly hostIPs: () => readonly string[];
  readonly allocatable: () => ResourceList;
  readonly services: () => readonly Service[];
  readonly cgroupOf: (pod: Pod) => string;
  /** Absent: the node has no plugins. */
  readonly devices: DeviceManager | undefined;
  readonly claims: ClaimManager | undefined;
}

function deviceMounts({ mounts }: ContainerDevices): readonly Mount[] {
  return mounts.map(({ containerPath, hostPath, readOnly }) => ({ containerPath, hostPath, readonly: readOnly }));
}

const HOSTS_PATH = '/etc/hosts';
const HOSTS_MODE = 0o644;
const TERMINATION_MODE = 0o666;
const CONTAINER_DIRECTORY_MODE = 0o750;

/**
 * What the kubelet adds to a pod's own spec: names, addresses, environment, files.
 *
 * Mirrors: pkg/kubelet/kubelet_pods.go, GenerateRunContainerOptions (v1.36)
 */
export class KubeletRunOptions implements RunOptions {
  readonly #deps: RunOptionsDeps;

  constructor(deps: RunOptionsDeps) {
    this.#deps = deps;
  }

  /** Empty for the default handler. A runtime class that does not exist is an error. */
  async runtimeHandler(pod: Pod, signal: AbortSignal): Promise<string> {
    const name = pod.spec.runtimeClassName;
    if (!name) return '';
    try {
      return (await this.#deps.client.get(runtimeClasses, { name }, { signal })).handler;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new ContainerConfigError(
        `failed to get RuntimeClass "${name}": runtimeclass.node.k8s.io "${name}" not found`,
      );
    }
  }

  async sandboxSettings(pod: Pod, signal: AbortSignal): Promise<SandboxSettings> {
    const { config, userNamespaces, resources, cgroupOf, events } = this.#deps;
    const dns = podDns(pod, {
      clusterDNS: config.clusterDNS,
      clusterDomain: config.clusterDomain,
      host: await this.#resolvConf(),
      hostIsIPv6: this.#deps.hostIPs()[0]?.includes(':') ?? false,
    });
    for (const warning of dns.warnings) events.record(podReference(pod), 'Warning', 'DNSConfigForming', warning);
    if (dns.missingClusterDNS) {
      const message = `pod: ${JSON.stringify(describePod(pod))}. kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy.`;
      events.record(podReference(pod), 'Warning', 'MissingClusterDNS', message);
    }
    const hostname = pod.spec.hostNetwork
      ? undefined
      : kernelHostname(podHostname(pod, config.clusterDomain), pod.spec.setHostnameAsFQDN ?? false);
    const handler = await this.runtimeHandler(pod, signal);
    const supported = this.#deps.runtimeInfo().handlers.get(handler)?.userNamespaces ?? false;
    return {
      podLogsDir: config.podLogsDir,
      cgroupParent: cgroupOf(pod),
      dns: dns.config,
      hostname,
      namespaces: namespaceOptions(pod, await userNamespaces.forPod(pod, handler, supported)),
      resources,
    };
  }

  async containerOptions(
    pod: Pod,
    container: AnyContainer,
    podIPs: readonly string[],
    imageVolumes: ReadonlyMap<string, ImageSpec>,
    signal: AbortSignal,
  ): Promise<ContainerOptions> {
    const { volumes, host } = this.#deps;
    const { uid, namespace } = pod.metadata;
    const environment = await containerEnvironment({
      pod,
      container,
      podIPs,
      hostIPs: this.#deps.hostIPs(),
      allocatable: this.#deps.allocatable(),
      serviceVariables: this.#serviceVariables(pod),
      objects: this.#deps.objects.inNamespace(namespace, signal),
      fileVariable: (volume, path, key) => this.#fileVariable(pod, volume, path, key),
    });
    const handler = await this.runtimeHandler(pod, signal);
    const own = await containerMounts(host, {
      pod,
      container,
      podDirectory: volumes.podDirectory(uid),
      environment,
      supportsRecursiveReadOnly: this.#deps.runtimeInfo().handlers.get(handler)?.recursiveReadOnlyMounts ?? false,
      volume: (name) => volumes.mounted(uid, name),
      imageVolumes,
    });
    const added = [
      ...(await this.#hostsMount(pod, container, podIPs)),
      ...(await this.#terminationMount(pod, container)),
    ];
    const given = (await this.#deps.devices?.containerDevices(pod, container, signal)) ?? [];
    return {
      environment: new Map([...given.flatMap(({ envs }) => Object.entries(envs)), ...environment]),
      mounts: [...own, ...added, ...given.flatMap(deviceMounts)],
      devices: given.flatMap(({ devices }) => devices),
      annotations: Object.assign({}, ...given.map(({ annotations }) => annotations)) as Record<string, string>,
      cdiDevices: [
        ...new Set([
          ...given.flatMap(({ cdiDevices }) => cdiDevices.map(({ name }) => name)),
          ...(this.#deps.claims?.containerDevices(pod, container) ?? []),
        ]),
      ],
    };
  }

  #serviceVariables(pod: Pod): ReadonlyMap<string, string> {
    if (pod.spec.enableServiceLinks === undefined) {
      throw new ContainerConfigError('nil pod.spec.enableServiceLinks encountered, cannot construct envvars');
    }
    const { namespace } = pod.metadata;
    const services = this.#deps.services();
    if (services.length === 0 && isStaticPod(pod)) return new Map();
    return serviceEnvironment(services, namespace, pod.spec.enableServiceLinks);
  }

  async #hostsMount(pod: Pod, container: AnyContainer, podIPs: readonly string[]): Promise<readonly Mount[]> {
    const ownMount = container.volumeMounts?.some((mount) => mount.mountPath === HOSTS_PATH) ?? false;
    if (ownMount || (podIPs.length === 0 && !pod.spec.hostNetwork)) return [];
    const { files } = this.#deps.host;
    const path = `${this.#deps.volumes.podDirectory(pod.metadata.uid)}/etc-hosts`;
    const aliases = pod.spec.hostAliases ?? [];
    const text = pod.spec.hostNetwork
      ? hostNetworkHostsFile(new TextDecoder().decode(await files.readFile(HOSTS_PATH)), aliases)
      : podHostsFile(podIPs, podHostname(pod, this.#deps.config.clusterDomain), aliases);
    await files.writeFile(path, new TextEncoder().encode(text), HOSTS_MODE);
    return [{ containerPath: HOSTS_PATH, hostPath: path }];
  }

  async #terminationMount(pod: Pod, container: AnyContainer): Promise<readonly Mount[]> {
    const containerPath = container.terminationMessagePath;
    if (!containerPath) return [];
    const { files } = this.#deps.host;
    const directory = `${this.#deps.volumes.podDirectory(pod.metadata.uid)}/containers/${container.name}`;
    await files.makeDirectory(directory, CONTAINER_DIRECTORY_MODE);
    const name = fnv1a32(this.#deps.random.uuid()).toString(16).padStart(8, '0');
    await files.writeFile(`${directory}/${name}`, new Uint8Array(), TERMINATION_MODE);
    return [{ containerPath, hostPath: `${directory}/${name}` }];
  }

  async #resolvConf(): Promise<ResolvConf | undefined> {
    const { resolvConf } = this.#deps.config;
    if (resolvConf === '') return undefined;
    return parseResolvConf(new TextDecoder().decode(await this.#deps.host.files.readFile(resolvConf)));
  }

  /** `KEY=value` lines of a file that a container before this one has written. */
  async #fileVariable(pod: Pod, volume: string, path: string, key: string): Promise<string | undefined> {
    const mounted = this.#deps.volumes.mounted(pod.metadata.uid, volume);
    if (!mounted) throw new ContainerConfigError(`cannot find the volume "${volume}" referenced by FileKeyRef`);
    try {
      const text = new TextDecoder().decode(await this.#deps.host.files.readFile(`${mounted.path}/${path}`));
      const line = text.split('\n').find((one) => one.trim().startsWith(`${key}=`));
      return line?.slice(line.indexOf('=') + 1).replace(/^'(.*)'$|^"(.*)"$/s, '$1$2');
    } catch (error) {
      if (isFileError(error)) throw new ContainerConfigError("couldn't parse env file", { cause: error });
      throw error;
    }
  }
}
