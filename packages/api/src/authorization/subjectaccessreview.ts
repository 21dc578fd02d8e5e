import { defineResource } from '../define-resource.ts';
import type { SubjectAccessReview } from '../gen/authorization-v1.gen.ts';

export const subjectAccessReviews = defineResource<SubjectAccessReview>(
  'authorization.k8s.io/v1',
  'subjectaccessreviews',
);
