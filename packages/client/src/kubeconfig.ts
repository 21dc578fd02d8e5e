/**
 * Kubeconfig files: which server, and who one is there.
 *
 * Mirrors: staging/src/k8s.io/client-go/tools/clientcmd/api/v1/types.go (v1.36)
 */
import { formatYaml, parseYaml, type JsonObject, type JsonValue } from '@kts/apimachinery';

export interface Kubeconfig {
  readonly clusters: readonly NamedCluster[];
  readonly users: readonly NamedUser[];
  readonly contexts: readonly NamedContext[];
  readonly currentContext: string;
  /** Everything else of the file, kept as it is. */
  readonly rest: JsonObject;
}

export interface NamedCluster {
  readonly name: string;
  readonly cluster: {
    readonly server: string;
    readonly 'certificate-authority'?: string;
    readonly 'certificate-authority-data'?: string;
    readonly 'insecure-skip-tls-verify'?: boolean;
    readonly 'tls-server-name'?: string;
  };
}

export interface NamedUser {
  readonly name: string;
  readonly user: {
    readonly 'client-certificate'?: string;
    readonly 'client-certificate-data'?: string;
    readonly 'client-key'?: string;
    readonly 'client-key-data'?: string;
    readonly token?: string;
    readonly tokenFile?: string;
    readonly username?: string;
    readonly password?: string;
    readonly exec?: JsonObject;
  };
}

export interface NamedContext {
  readonly name: string;
  readonly context: { readonly cluster: string; readonly user: string; readonly namespace?: string };
}

/** How to reach a server and as whom, with every file read. */
export interface ServerAccess {
  readonly server: string;
  readonly authority?: Uint8Array;
  readonly skipVerify?: boolean;
  readonly serverName?: string;
  readonly certificate?: Uint8Array;
  readonly key?: Uint8Array;
  readonly token?: string;
  readonly namespace: string;
}

/** The file is no kubeconfig, or what it says cannot be used. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

export const EMPTY_KUBECONFIG: Kubeconfig = { clusters: [], users: [], contexts: [], currentContext: '', rest: {} };

/** Throws KubeconfigError; `origin` names the file in its message. An empty text is an empty kubeconfig. */
export function parseKubeconfig(text: string, origin: string): Kubeconfig {
  let value: JsonValue;
  try {
    value = parseYaml(text);
  } catch (cause) {
    throw new KubeconfigError(`${origin}: ${(cause as Error).message}`, { cause });
  }
  if (value === null || value === '') return EMPTY_KUBECONFIG;
  if (typeof value !== 'object' || Array.isArray(value)) throw new KubeconfigError(`${origin} is not a kubeconfig`);
  const { clusters, users, contexts, 'current-context': current, ...rest } = value as JsonObject;
  return {
    clusters: namedList<NamedCluster>(clusters, 'cluster', origin),
    users: namedList<NamedUser>(users, 'user', origin),
    contexts: namedList<NamedContext>(contexts, 'context', origin),
    currentContext: typeof current === 'string' ? current : '',
    rest,
  };
}

export function formatKubeconfigFile(config: Kubeconfig): string {
  return formatYaml({
    ...config.rest,
    apiVersion: 'v1',
    kind: 'Config',
    clusters: config.clusters as unknown as JsonValue,
    contexts: config.contexts as unknown as JsonValue,
    'current-context': config.currentContext,
    users: config.users as unknown as JsonValue,
  });
}

/** `added`'s entries replace those of the same name in `base`; its current context becomes the current one. */
export function mergeKubeconfigs(base: Kubeconfig, added: Kubeconfig): Kubeconfig {
  const merge = <T extends { readonly name: string }>(old: readonly T[], fresh: readonly T[]): readonly T[] => [
    ...old.filter((each) => !fresh.some((other) => other.name === each.name)),
    ...fresh,
  ];
  return {
    clusters: merge(base.clusters, added.clusters),
    users: merge(base.users, added.users),
    contexts: merge(base.contexts, added.contexts),
    currentContext: added.currentContext || base.currentContext,
    rest: { ...base.rest, ...added.rest },
  };
}

/** Takes a context away, and its cluster and user if nobody else refers to them. */
export function removeContext(config: Kubeconfig, name: string): Kubeconfig {
  const contexts = config.contexts.filter((each) => each.name !== name);
  const gone = config.contexts.find((each) => each.name === name)?.context;
  const isUsed = (part: 'cluster' | 'user', value: string): boolean =>
    contexts.some((each) => each.context[part] === value);
  return {
    ...config,
    contexts,
    clusters: config.clusters.filter((each) => each.name !== gone?.cluster || isUsed('cluster', each.name)),
    users: config.users.filter((each) => each.name !== gone?.user || isUsed('user', each.name)),
    currentContext: config.currentContext === name ? '' : config.currentContext,
  };
}

/**
 * What one context (absent: the current one) leads to. `readFile` gets the paths as the file has them.
 * Throws KubeconfigError.
 */
export function accessOf(
  config: Kubeconfig,
  readFile: (path: string) => Uint8Array,
  contextName: string = config.currentContext,
): ServerAccess {
  const context = config.contexts.find((each) => each.name === contextName)?.context;
  if (!context) throw new KubeconfigError(`the kubeconfig has no context ${JSON.stringify(contextName)}`);
  const cluster = config.clusters.find((each) => each.name === context.cluster)?.cluster;
  if (!cluster) throw new KubeconfigError(`the kubeconfig has no cluster ${JSON.stringify(context.cluster)}`);
  const user = config.users.find((each) => each.name === context.user)?.user ?? {};
  if (user.exec) throw new KubeconfigError(`user ${context.user}: credential plugins (exec) are not supported`);
  const material = (data: string | undefined, file: string | undefined): Uint8Array | undefined => {
    if (data !== undefined) return Buffer.from(data, 'base64');
    return file === undefined ? undefined : readFile(file);
  };
  const authority = material(cluster['certificate-authority-data'], cluster['certificate-authority']);
  const certificate = material(user['client-certificate-data'], user['client-certificate']);
  const key = material(user['client-key-data'], user['client-key']);
  const token =
    user.token ?? (user.tokenFile === undefined ? undefined : Buffer.from(readFile(user.tokenFile)).toString().trim());
  return {
    server: cluster.server,
    namespace: context.namespace ?? 'default',
    ...(authority ? { authority } : {}),
    ...(cluster['insecure-skip-tls-verify'] ? { skipVerify: true } : {}),
    ...(cluster['tls-server-name'] ? { serverName: cluster['tls-server-name'] } : {}),
    ...(certificate ? { certificate } : {}),
    ...(key ? { key } : {}),
    ...(token ? { token } : {}),
  };
}

function namedList<T extends { readonly name: string }>(
  value: JsonValue | undefined,
  part: string,
  origin: string,
): readonly T[] {
  if (value === undefined || value === null) return [];
  const isNamed = (each: JsonValue): boolean =>
    typeof each === 'object' &&
    each !== null &&
    !Array.isArray(each) &&
    typeof (each as JsonObject)['name'] === 'string';
  if (!Array.isArray(value) || !value.every(isNamed)) {
    throw new KubeconfigError(`${origin}: ${part}s is not a list of named ${part}s`);
  }
  return value as unknown as readonly T[];
}
