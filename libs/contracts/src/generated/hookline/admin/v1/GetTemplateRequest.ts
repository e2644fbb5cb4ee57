// Original file: libs/contracts/proto/hookline/admin/v1/template_service.proto


export interface GetTemplateRequest {
  'name'?: (string);
}

export interface GetTemplateRequest__Output {
  'name': (string);
}
