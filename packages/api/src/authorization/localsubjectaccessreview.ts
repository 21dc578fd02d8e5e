import { defineResource } from '../define-resource.ts';
import type { LocalSubjectAccessReview } from '../gen/authorization-v1.gen.ts';

/** May somebody do something in this namespace? The answer is not stored; the API server finds it. */
export const localSubjectAccessReviews = defineResource<LocalSubjectAccessReview>(
  'authorization.k8s.io/v1',
  'localsubjectaccessreviews',
  { generation: 'none' },
);
