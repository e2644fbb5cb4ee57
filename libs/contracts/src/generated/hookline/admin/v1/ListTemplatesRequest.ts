// Original file: libs/contracts/proto/hookline/admin/v1/template_service.proto


export interface ListTemplatesRequest {
  'parent'?: (string);
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListTemplatesRequest__Output {
  'parent': (string);
  'pageSize': (number);
  'pageToken': (string);
}
