/**
 * Names of container images, `[registry/]repository[:tag][@digest]`.
 *
 * Mirrors: pkg/util/parsers/parsers.go (v1.36)
 */
const DOMAIN =
  '(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?';
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const REFERENCE = new RegExp(
  `^(?:${DOMAIN}/)?${COMPONENT}(?:/${COMPONENT})*(?::(?<tag>\\w[\\w.-]{0,127}))?(?<digest>@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`,
);

/** The tag, `latest` when there is neither tag nor digest; nothing for a digest alone or a malformed name. */
export function imageTag(image: string): string | undefined {
  const groups = REFERENCE.exec(image)?.groups;
  if (!groups || /^[a-f0-9]{64}$/.test(image)) return undefined;
  return groups['tag'] ?? (groups['digest'] ? undefined : 'latest');
}

/** How images are pulled unless the object says: a moving tag always, a fixed one when it is missing. */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  return imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent';
}
