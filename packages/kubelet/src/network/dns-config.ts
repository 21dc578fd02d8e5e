import type { Pod, PodDNSConfig } from '@kts/api/types/core-v1';
import type { DNSConfig } from '@kts/host-cri';

/**
 * A pod's resolv.conf.
 *
 * Mirrors: pkg/kubelet/network/dns/dns.go (v1.36)
 */
export interface DnsSettings {
  readonly clusterDNS: readonly string[];
  readonly clusterDomain: string;
  /** The node's resolver; `undefined`: it has none. */
  readonly host: ResolvConf | undefined;
  readonly hostIsIPv6: boolean;
}

export interface ResolvConf {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface PodDns {
  readonly config: DNSConfig;
  /** What had to be left out; each is a warning event. */
  readonly warnings: readonly string[];
  /** The pod wants the cluster's DNS, but the kubelet knows none. */
  readonly missingClusterDNS: boolean;
}

const SERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCH_CHARACTERS_MAX = 2048;
const DOMAIN_LENGTH_MAX = 253;

export function podDns(pod: Pod, settings: DnsSettings): PodDns {
  const type = dnsType(pod);
  const missingClusterDNS = type === 'cluster' && settings.clusterDNS.length === 0;
  let config = baseConfig(pod, missingClusterDNS ? 'host' : type, settings);
  if (pod.spec.dnsConfig) config = merge(config, pod.spec.dnsConfig);
  const warnings: string[] = [];
  return { config: limit(config, warnings), warnings, missingClusterDNS };
}

export function parseResolvConf(text: string): ResolvConf {
  const servers: string[] = [];
  let searches: string[] = [];
  const options = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && words[0]) servers.push(words[0]);
    if (keyword === 'search') searches = words.filter((word) => word !== '.').map((word) => word.replace(/\.$/, ''));
    if (keyword === 'options') for (const word of words) options.set(word.split(':')[0]!, word);
  }
  return { servers, searches, options: [...options.values()] };
}

function dnsType(pod: Pod): 'cluster' | 'host' | 'none' {
  const { dnsPolicy, hostNetwork } = pod.spec;
  if (dnsPolicy === 'None') return 'none';
  if (dnsPolicy === 'Default') return 'host';
  return dnsPolicy === 'ClusterFirst' && hostNetwork ? 'host' : 'cluster';
}

function baseConfig(pod: Pod, type: 'cluster' | 'host' | 'none', settings: DnsSettings): ResolvConf {
  const host = settings.host ?? { servers: [], searches: [], options: [] };
  switch (type) {
    case 'none':
      return { servers: [], searches: [], options: [] };
    case 'cluster': {
      const { clusterDomain: domain } = settings;
      const own = domain === '' ? [] : [`${pod.metadata.namespace}.svc.${domain}`, `svc.${domain}`, domain];
      return { servers: settings.clusterDNS, searches: unique([...own, ...host.searches]), options: ['ndots:5'] };
    }
    case 'host':
      if (settings.host) return host;
      return { servers: [settings.hostIsIPv6 ? '::1' : '127.0.0.1'], searches: ['.'], options: [] };
  }
}

function merge(config: ResolvConf, own: PodDNSConfig): ResolvConf {
  const options = new Map<string, string>();
  for (const option of config.options) {
    const [name, ...value] = option.split(':');
    options.set(name!, value.join(':'));
  }
  for (const option of own.options ?? []) options.set(option.name ?? '', option.value ?? '');
  return {
    servers: unique([...config.servers, ...(own.nameservers ?? [])]),
    searches: unique([...config.searches, ...(own.searches ?? [])]),
    options: [...options].map(([name, value]) => (value === '' ? name : `${name}:${value}`)),
  };
}

function limit(config: ResolvConf, warnings: string[]): DNSConfig {
  const servers = config.servers.slice(0, SERVERS_MAX);
  if (servers.length < config.servers.length) {
    warnings.push(
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${servers.join(' ')}`,
    );
  }
  let searches = config.searches.slice(0, SEARCHES_MAX).filter((search) => search.length <= DOMAIN_LENGTH_MAX);
  while (searches.join(' ').length > SEARCH_CHARACTERS_MAX) searches = searches.slice(0, -1);
  if (searches.length < config.searches.length) {
    warnings.push(
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${searches.join(' ')}`,
    );
  }
  return { servers, searches, options: config.options };
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
