import { defineResource } from '../define-resource.ts';
import type { SubjectAccessReview } from '../gen/authorization-v1.gen.ts';

/** May somebody do something? The answer is not stored; the API server finds it. */
export const subjectAccessReviews = defineResource<SubjectAccessReview>(
  'authorization.k8s.io/v1',
  'subjectaccessreviews',
  { generation: 'none' },
);
