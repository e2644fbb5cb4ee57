// Original file: libs/contracts/proto/hookline/admin/v1/template_service.proto


export interface DeleteTemplateRequest {
  'name'?: (string);
  'etag'?: (string);
}

export interface DeleteTemplateRequest__Output {
  'name': (string);
  'etag': (string);
}
