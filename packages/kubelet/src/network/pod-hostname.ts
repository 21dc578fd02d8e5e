import { isDNS1123Label, isDNS1123Subdomain } from '@kts/apimachinery';
import type { Pod } from '@kts/api/types/core-v1';

export interface PodHostname {
  readonly hostname: string;
  /** Empty unless the pod has a subdomain. */
  readonly domain: string;
}

export class HostnameError extends Error {
  override readonly name = 'HostnameError';
}

const HOSTNAME_LENGTH_MAX = 63;
const KERNEL_HOSTNAME_LENGTH_MAX = 64;

/**
 * The pod's name as its processes see it. Throws HostnameError.
 *
 * Mirrors: pkg/kubelet/kubelet_pods.go, GeneratePodHostNameAndDomain (v1.36)
 */
export function podHostname(pod: Pod, clusterDomain: string): PodHostname {
  const { hostnameOverride, hostname, subdomain } = pod.spec;
  const { name, namespace } = pod.metadata;
  if (hostnameOverride !== undefined) {
    check(
      isDNS1123Subdomain(hostnameOverride),
      `pod HostnameOverride "${hostnameOverride}" is not a valid DNS subdomain`,
    );
    return { hostname: shorten(name, hostnameOverride), domain: '' };
  }
  if (hostname) check(isDNS1123Label(hostname), `pod Hostname "${hostname}" is not a valid DNS label`);
  if (subdomain) check(isDNS1123Label(subdomain), `pod Subdomain "${subdomain}" is not a valid DNS label`);
  return {
    hostname: shorten(name, hostname || name),
    domain: subdomain ? `${subdomain}.${namespace}.svc.${clusterDomain}` : '',
  };
}

/** The hostname of the pod's UTS namespace: the full name if the pod asks for it. */
export function kernelHostname({ hostname, domain }: PodHostname, asFQDN: boolean): string {
  if (!asFQDN || domain === '') return hostname;
  const full = `${hostname}.${domain}`;
  if (full.length > KERNEL_HOSTNAME_LENGTH_MAX) {
    throw new HostnameError(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long (${KERNEL_HOSTNAME_LENGTH_MAX} characters is the max, ${full.length} characters requested)`,
    );
  }
  return full;
}

function shorten(podName: string, hostname: string): string {
  if (hostname.length <= HOSTNAME_LENGTH_MAX) return hostname;
  const short = hostname.slice(0, HOSTNAME_LENGTH_MAX).replace(/[-.]+$/, '');
  if (short === '') throw new HostnameError(`hostname for pod "${podName}" was invalid: "${hostname}"`);
  return short;
}

function check(problems: readonly string[], message: string): void {
  if (problems.length > 0) throw new HostnameError(`${message}: ${problems.join(';')}`);
}
