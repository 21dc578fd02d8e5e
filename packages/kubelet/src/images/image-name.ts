/** An image reference in its full form: `docker.io/library/nginx` with tag `latest`. */
export interface ImageName {
  readonly repository: string;
  /** Empty if there is a digest and no tag. */
  readonly tag: string;
  readonly digest: string;
}

export class ImageNameError extends Error {
  override readonly name = 'ImageNameError';
}

const ALPHANUMERIC = '[a-z0-9]+';
const PATH_COMPONENT = `${ALPHANUMERIC}(?:(?:[._]|__|[-]+)${ALPHANUMERIC})*`;
const DOMAIN_COMPONENT = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = `(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?`;
const TAG = '[\\w][\\w.-]{0,127}';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*[:][0-9a-fA-F]{32,}';
const REFERENCE = new RegExp(
  `^((?:${DOMAIN}/)?${PATH_COMPONENT}(?:/${PATH_COMPONENT})*)(?::(${TAG}))?(?:@(${DIGEST}))?$`,
);
const REPOSITORY_LENGTH_MAX = 255;

/**
 * Parses what a container's `image` may be. Throws ImageNameError with upstream's text.
 *
 * Mirrors: pkg/util/parsers, github.com/distribution/reference (v1.36)
 */
export function parseImageName(image: string): ImageName {
  const fail = (problem: string): never => {
    throw new ImageNameError(`couldn't parse image name "${image}": ${problem}`);
  };
  if (/^[a-f0-9]{64}$/.test(image)) {
    fail(`invalid repository name (${image}), cannot specify 64-byte hexadecimal strings`);
  }
  const { domain, rest } = splitDomain(image);
  const remote = rest.split(':', 1)[0]!;
  if (remote.toLowerCase() !== remote) {
    fail(`invalid reference format: repository name (${remote}) must be lowercase`);
  }
  const match = REFERENCE.exec(`${domain}/${rest}`) ?? fail('invalid reference format');
  const [, repository = '', tag = '', digest = ''] = match;
  if (repository.length > REPOSITORY_LENGTH_MAX) {
    fail(`repository name must not be more than ${REPOSITORY_LENGTH_MAX} characters`);
  }
  const hash = /^sha(256|384|512):(.*)$/.exec(digest);
  if (digest !== '' && !hash) fail('unsupported digest algorithm');
  if (hash && hash[2]!.length !== Number(hash[1]) / 4) fail('invalid checksum digest length');
  return { repository, tag: tag === '' && digest === '' ? 'latest' : tag, digest };
}

/** The image with the tag that counts where none is named. */
export function withDefaultTag(image: string): string {
  const { tag, digest } = parseImageName(image);
  return digest === '' && tag !== '' && !image.endsWith(`:${tag}`) ? `${image}:${tag}` : image;
}

function splitDomain(image: string): { readonly domain: string; readonly rest: string } {
  const slash = image.indexOf('/');
  const first = image.slice(0, Math.max(0, slash));
  const isHost = slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first);
  const domain = !isHost || first === 'index.docker.io' ? 'docker.io' : first;
  const rest = isHost ? image.slice(slash + 1) : image;
  return { domain, rest: domain === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest };
}
