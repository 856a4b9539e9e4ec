//! Owns what problems are called in Chinese, by their codes.

/// What a problem is called.
pub(crate) fn in_chinese(code: &str) -> &'static str {
    of_requests(code).or_else(|| of_trade(code)).or_else(|| of_people(code)).unwrap_or("操作未完成")
}

/// Of requests, and how they came.
fn of_requests(code: &str) -> Option<&'static str> {
    Some(match code {
        "not_found" => "没有找到",
        "validation_failed" => "填写有误",
        "parameter_invalid" => "查询条件有误",
        "version_mismatch" => "内容已被他人修改",
        "precondition_required" => "缺少版本信息，请刷新后重试",
        "if_match_invalid" => "版本信息无效，请刷新后重试",
        "body_too_large" => "内容过长",
        "body_malformed" => "内容格式有误",
        "body_timeout" => "内容上传过慢",
        "content_type_unsupported" => "不支持的内容类型",
        "headers_too_large" => "请求头过大",
        "request_malformed" => "请求格式有误",
        "request_timeout" => "请求超时",
        "method_not_allowed" => "不支持此操作方式",
        "idempotency_key_missing" => "缺少幂等键",
        "idempotency_key_invalid" => "幂等键格式有误",
        "idempotency_key_reused" => "幂等键已用于另一请求",
        "request_in_flight" => "上一次请求仍在处理",
        "outcome_pending" => "结果未知",
        "rate_limited" => "请求过于频繁",
        "operation_too_frequent" => "操作过于频繁",
        "overloaded" => "服务器繁忙",
        "shutting_down" => "服务器正在重启",
        "storage_unavailable" => "数据库暂时不可用",
        "internal_error" => "服务器内部错误",
        "cross_site" => "拒绝来自其他网站的请求",
        "token_required" => "缺少一次性令牌",
        "token_invalid" => "一次性令牌无效",
        "token_expired" => "一次性令牌已过期",
        "token_used" => "一次性令牌已被使用",
        _ => return None,
    })
}

/// Of orders, products, payments and refunds.
fn of_trade(code: &str) -> Option<&'static str> {
    Some(match code {
        "invalid_transition" => "当前状态不允许此操作",
        "refused_by_rule" => "不符合商城的下单规则",
        "product_exists" => "商品编码已存在",
        "product_not_found" => "没有该商品",
        "stock_insufficient" => "库存不足",
        "stock_limit_exceeded" => "库存超出上限",
        "currency_mismatch" => "币种不一致",
        "total_too_large" => "金额超出上限",
        "order_no_invalid" => "订单号无效",
        "order_no_taken" => "订单号已被使用",
        "order_pending" => "还有未付款的订单",
        "order_expired" => "付款时间已过",
        "not_expired" => "付款时间未到",
        "line_not_found" => "订单中没有该商品行",
        "no_shipment" => "尚未发货",
        "tracking_no_taken" => "运单号已被使用",
        "quantity_exceeds_unshipped" => "发货数量超出待发数量",
        "quantity_exceeds_unrefunded" => "退货数量超出可退数量",
        "no_channel" => "没有可用的支付渠道",
        "channel_unavailable" => "支付渠道暂时不可用",
        "payment_in_progress" => "付款正在处理",
        "payment_not_captured" => "尚未收到付款",
        "attempts_exhausted" => "付款尝试次数过多",
        "refund_exceeds_captured" => "退款金额超出可退金额",
        "refund_not_awaiting" => "该退款不在待复核状态",
        "refund_not_failed" => "该退款没有失败",
        "refund_under_way" => "已有退款正在处理",
        "refund_period_over" => "已超过可退款期限",
        "refunds_exhausted" => "退款次数过多",
        "review_resolved" => "该事项已处理",
        "second_person_needed" => "需由另一人复核",
        _ => return None,
    })
}

/// Of people, and how they log in.
fn of_people(code: &str) -> Option<&'static str> {
    Some(match code {
        "unauthorized" => "请先登录",
        "forbidden" => "没有权限",
        "not_oneself" => "不能对自己执行此操作",
        "login_taken" => "账号已被使用",
        "name_taken" => "名称已被使用",
        "role_unfit" => "角色不适用",
        "account_disabled" => "账号已停用",
        "tenant_suspended" => "租户已停用",
        "login_failed" => "账号或密码错误",
        "login_provider_away" => "登录服务无响应",
        "reset_invalid" => "重置令牌无效",
        "secret_replaced" => "无法再次显示该密钥",
        "second_factor_needed" => "需要动态验证码",
        "second_factor_missing" => "需要先设置双重验证",
        "second_factor_there" => "已设置双重验证",
        "code_wrong" => "验证码错误",
        "step_up_needed" => "请重新验证身份",
        "access_token_expired" => "访问令牌已过期",
        "session_expired" => "登录已过期",
        "session_kicked" => "已被管理员下线",
        "session_replaced" => "已在其他设备登录",
        "session_ended" => "已退出登录",
        "session_limit" => "登录设备过多",
        "session_reused" => "登录凭证被重复使用，已下线",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Two problems with one name could not be told apart.
    #[test]
    fn every_problem_has_a_name_of_its_own() {
        let mut codes: BTreeMap<&str, &str> = BTreeMap::new();
        for kind in api::problem::kinds() {
            let name = in_chinese(kind.code);
            assert_ne!(name, "操作未完成", "{} has no Chinese name", kind.code);
            assert_eq!(codes.insert(name, kind.code), None, "{} is called {name}, as another is", kind.code);
        }
        assert_eq!(in_chinese("of_a_later_version"), "操作未完成");
    }
}
