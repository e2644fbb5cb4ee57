// Original file: libs/contracts/proto/hookline/admin/v1/template_service.proto


export interface DeleteTemplateResponse {
}

export interface DeleteTemplateResponse__Output {
}
