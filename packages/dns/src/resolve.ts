/**
 * What the cluster's zone answers to a question. Pure: records are read through `ClusterRecords`.
 *
 * Mirrors: the DNS-based service discovery specification 1.1.0 (github.com/kubernetes/dns) and CoreDNS' kubernetes plugin
 * with `pods insecure`.
 */
import type { Service } from '@kts/api/types/core-v1';
import type { Endpoint, EndpointSlice } from '@kts/api/types/discovery-v1';
import type { Answer } from 'dns-packet';

/** The cluster's objects, as indexes that informers keep. */
export interface ClusterRecords {
  service(namespace: string, name: string): Service | undefined;
  slices(namespace: string, service: string): readonly EndpointSlice[];
  hasNamespace(name: string): boolean;
  serviceByIP(ip: string): Service | undefined;
  slicesByIP(ip: string): readonly EndpointSlice[];
}

export interface ZoneConfig {
  /** Such as `cluster.local`. */
  readonly zone: string;
  /** Seconds that answers may be kept. */
  readonly ttl: number;
}

export interface Question {
  /** Lower case, without the final dot. */
  readonly name: string;
  /** `A`, `AAAA`, `SRV`, ... */
  readonly type: string;
}

export type Resolution =
  /** Not a name of the cluster: ask somebody else. */
  | { readonly outcome: 'forward' }
  /** The name does not exist. */
  | { readonly outcome: 'nxdomain' }
  /** No answers: the name exists, but has nothing of this type. */
  | { readonly outcome: 'answers'; readonly answers: readonly Answer[]; readonly additionals: readonly Answer[] };

const SCHEMA_VERSION = '1.1.0';
const SRV_PRIORITY = 0;

export function resolve(question: Question, records: ClusterRecords, config: ZoneConfig): Resolution {
  const reverse = addressOfReverseName(question.name);
  if (reverse !== undefined) return resolveReverse(question, reverse, records, config);
  if (question.name !== config.zone && !question.name.endsWith(`.${config.zone}`)) return { outcome: 'forward' };

  const labels = question.name.slice(0, -config.zone.length - 1).split('.');
  if (labels.length === 1 && labels[0] === '') return answers([]);
  const kind = labels.pop();
  if (labels.length === 0) return kind === 'dns-version' ? version(question, config) : branch(kind);
  const namespace = labels.pop()!;
  if (kind === 'pod') return resolvePod(question, namespace, labels, records, config);
  if (kind !== 'svc') return { outcome: 'nxdomain' };
  if (labels.length === 0) return records.hasNamespace(namespace) ? answers([]) : { outcome: 'nxdomain' };
  return resolveService(question, namespace, labels.pop()!, labels, records, config);
}

/** `svc.cluster.local` and `pod.cluster.local` exist without having records. */
function branch(label: string | undefined): Resolution {
  return label === 'svc' || label === 'pod' ? answers([]) : { outcome: 'nxdomain' };
}

function version(question: Question, config: ZoneConfig): Resolution {
  const record: Answer = { name: question.name, type: 'TXT', ttl: config.ttl, data: SCHEMA_VERSION };
  return answers(question.type === 'TXT' ? [record] : []);
}

/** `<prefix...>.<service>.<namespace>.svc.<zone>`; the prefix is an endpoint's name, or `_port._protocol`. */
function resolveService(
  question: Question,
  namespace: string,
  name: string,
  prefix: readonly string[],
  records: ClusterRecords,
  config: ZoneConfig,
): Resolution {
  const service = records.service(namespace, name);
  if (!service || prefix.length > 2) return { outcome: 'nxdomain' };
  const domain = `${name}.${namespace}.svc.${config.zone}`;
  if (service.spec.type === 'ExternalName') {
    if (prefix.length > 0) return { outcome: 'nxdomain' };
    return answers([{ name: question.name, type: 'CNAME', ttl: config.ttl, data: service.spec.externalName ?? '' }]);
  }
  const targets = targetsOf(service, records.slices(namespace, name), domain);
  if (prefix.length === 0 && question.type === 'SRV') return srvAnswers(question, targets, config);
  if (prefix.length === 0) {
    if (targets.length === 0 && isHeadless(service)) return { outcome: 'nxdomain' };
    return addressAnswers(question, targets, config);
  }
  if (prefix.length === 1) {
    const ofHost = targets.filter((target) => target.host === `${prefix[0]}.${domain}`);
    return ofHost.length > 0 ? addressAnswers(question, ofHost, config) : { outcome: 'nxdomain' };
  }
  const [port, protocol] = prefix as readonly [string, string];
  const ofPort = targets.filter((target) => `_${target.portName}` === port && `_${target.protocol}` === protocol);
  if (ofPort.length === 0) return { outcome: 'nxdomain' };
  return question.type === 'SRV' ? srvAnswers(question, ofPort, config) : answers([]);
}

/** One address with one port, under its own name. */
interface Target {
  readonly host: string;
  readonly address: string;
  readonly portName: string;
  readonly protocol: string;
  readonly port: number;
}

function targetsOf(service: Service, slices: readonly EndpointSlice[], domain: string): readonly Target[] {
  if (!isHeadless(service)) {
    return (service.spec.clusterIPs ?? []).flatMap((address) =>
      (service.spec.ports ?? []).map((port) => ({
        host: domain,
        address,
        portName: port.name ?? '',
        protocol: (port.protocol ?? 'TCP').toLowerCase(),
        port: port.port,
      })),
    );
  }
  return slices.flatMap((slice) => {
    // A headless Service may have no ports at all; its addresses are records all the same.
    const ports = slice.ports?.length ? slice.ports : [{}];
    return (slice.endpoints ?? []).filter(isPublished).flatMap((endpoint) =>
      endpoint.addresses.flatMap((address) =>
        ports.map((port) => ({
          host: `${endpointName(endpoint, address)}.${domain}`,
          address,
          portName: port.name ?? '',
          protocol: (port.protocol ?? 'TCP').toLowerCase(),
          port: port.port ?? 0,
        })),
      ),
    );
  });
}

/** `publishNotReadyAddresses` needs no look: the endpoints controller then calls such endpoints ready. */
function isPublished(endpoint: Endpoint): boolean {
  return endpoint.conditions?.ready ?? true;
}

function isHeadless(service: Service): boolean {
  return service.spec.clusterIP === 'None';
}

function endpointName(endpoint: Endpoint, address: string): string {
  return endpoint.hostname || address.replaceAll(/[.:]/g, '-');
}

function addressAnswers(question: Question, targets: readonly Target[], config: ZoneConfig): Resolution {
  const wanted = [...new Set(targets.map((target) => target.address))].filter((ip) => typeOf(ip) === question.type);
  return answers(wanted.map((data) => address(question.name, data, config)));
}

function srvAnswers(question: Question, targets: readonly Target[], config: ZoneConfig): Resolution {
  // A name with several addresses is one record.
  const distinct = [...new Map(targets.map((target) => [`${target.host} ${target.port}`, target])).values()];
  const weight = Math.floor(100 / Math.max(1, distinct.length));
  const records = distinct.map(({ host, port }): Answer => {
    const data = { priority: SRV_PRIORITY, weight, port, target: host };
    return { name: question.name, type: 'SRV', ttl: config.ttl, data };
  });
  const hosts = [...new Map(targets.map((target) => [`${target.host} ${target.address}`, target])).values()];
  return {
    outcome: 'answers',
    answers: records,
    additionals: hosts.map((target) => address(target.host, target.address, config)),
  };
}

/** `10-244-0-7.default.pod.<zone>`: the address is in the name. */
function resolvePod(
  question: Question,
  namespace: string,
  prefix: readonly string[],
  records: ClusterRecords,
  config: ZoneConfig,
): Resolution {
  if (!records.hasNamespace(namespace)) return { outcome: 'nxdomain' };
  if (prefix.length === 0) return answers([]);
  const dotted = prefix[0]!.replaceAll('-', '.');
  const ip = /^\d+(\.\d+){3}$/.test(dotted) ? dotted : prefix[0]!.replaceAll('-', ':');
  if (prefix.length > 1 || !isAddress(ip)) return { outcome: 'nxdomain' };
  return answers(typeOf(ip) === question.type ? [address(question.name, ip, config)] : []);
}

function resolveReverse(question: Question, ip: string, records: ClusterRecords, config: ZoneConfig): Resolution {
  const names: string[] = [];
  const service = records.serviceByIP(ip);
  if (service) names.push(`${service.metadata.name}.${service.metadata.namespace}.svc.${config.zone}`);
  else {
    for (const slice of records.slicesByIP(ip)) {
      const name = slice.metadata.labels?.['kubernetes.io/service-name'];
      const endpoint = slice.endpoints?.find((each) => each.addresses.includes(ip));
      const owner = name ? records.service(slice.metadata.namespace, name) : undefined;
      if (!endpoint || !owner || !isHeadless(owner)) continue;
      names.push(`${endpointName(endpoint, ip)}.${name}.${slice.metadata.namespace}.svc.${config.zone}`);
    }
  }
  if (names.length === 0) return { outcome: 'forward' };
  return answers(
    question.type === 'PTR' ? names.map((data) => ({ name: question.name, type: 'PTR', ttl: config.ttl, data })) : [],
  );
}

/** The address in `4.3.2.1.in-addr.arpa` or the nibbles of `ip6.arpa`. */
export function addressOfReverseName(name: string): string | undefined {
  if (name.endsWith('.in-addr.arpa')) {
    const parts = name.slice(0, -'.in-addr.arpa'.length).split('.');
    return parts.length === 4 ? parts.toReversed().join('.') : undefined;
  }
  if (!name.endsWith('.ip6.arpa')) return undefined;
  const nibbles = name.slice(0, -'.ip6.arpa'.length).split('.').toReversed();
  if (nibbles.length !== 32 || !nibbles.every((nibble) => /^[0-9a-f]$/.test(nibble))) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => nibbles.slice(4 * index, 4 * index + 4).join(''));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function address(name: string, ip: string, config: ZoneConfig): Answer {
  return { name, type: typeOf(ip), ttl: config.ttl, data: ip };
}

function typeOf(ip: string): 'A' | 'AAAA' {
  return ip.includes(':') ? 'AAAA' : 'A';
}

function isAddress(ip: string): boolean {
  if (!ip.includes(':')) return ip.split('.').length === 4 && ip.split('.').every((part) => Number(part) <= 255);
  return URL.canParse(`http://[${ip}]`);
}

function answers(list: readonly Answer[]): Resolution {
  return { outcome: 'answers', answers: list, additionals: [] };
}
