// Original file: libs/contracts/proto/hookline/admin/v1/system_service.proto


export interface CheckTopicsRequest {
}

export interface CheckTopicsRequest__Output {
}
