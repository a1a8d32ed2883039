"""How failures look: one sentence that says what happened, what was kept and what to do."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from huiyin.errors import (
    Conflict,
    Forbidden,
    HuiyinError,
    LimitExceeded,
    NotFound,
    TooMany,
    Unavailable,
    UsageError,
)
from huiyin.records.base import away

STATUS: list[tuple[type[Exception], int, str]] = [
    (UsageError, 400, "请求有误"),
    (Forbidden, 403, "没有权限"),
    (NotFound, 404, "没有找到"),
    (Conflict, 409, "没有完成"),
    (StaleDataError, 409, "内容已被他人修改"),
    (LimitExceeded, 413, "内容过大"),
    (TooMany, 429, "请求过于频繁"),
    (Unavailable, 503, "暂时不可用"),
    (HuiyinError, 500, "操作没有完成"),
]
HTTP = {
    400: "请求有误",
    404: "没有找到这个页面",
    405: "不支持这种操作",
    413: "提交的内容过大",
    429: "请求过于频繁",
}
log = logging.getLogger("huiyin.dashboard")


def install(app: Flask) -> None:
    app.register_error_handler(HuiyinError, _known)
    app.register_error_handler(StaleDataError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _record_away)
    app.register_error_handler(SQLAlchemyError, _unexpected)
    app.register_error_handler(Exception, _unexpected)


def _page(status: int, title: str, message: str) -> ResponseReturnValue:
    if request.path.startswith("/api/"):
        return jsonify({"error": {"status": status, "title": title, "message": message}}), status
    return render_template("error.html", status=status, title=title, message=message), status


def _known(error: Exception) -> ResponseReturnValue:
    status, title = next((status, title) for kind, status, title in STATUS if isinstance(error, kind))
    message = (
        "您打开页面之后，别人先保存了修改。您的修改没有保存；请复制您的文字，刷新页面后再改。"
        if isinstance(error, StaleDataError)
        else str(error)
    )
    response = make_response(_page(status, title, message))
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.wait)
    return response


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response
    status = error.code or 500
    return _page(
        status,
        HTTP.get(status, "请求没有完成"),
        "请检查地址，或从左侧栏目重新进入。" if status == 404 else str(error.description or ""),
    )


def _record_away(error: OperationalError) -> ResponseReturnValue:
    """The record does not answer, or its disk is full: nothing was stored, and the same again may work later."""
    if not away(error):
        return _unexpected(error)
    log.error(
        "request %s %s: the record does not answer: %s",
        request.method,
        request.path,
        getattr(error, "orig", error),
    )
    return _page(
        503, "暂时不可用", "数据库暂时没有响应，或磁盘已满。这次提交没有保存；请稍后再试，或联系管理员。"
    )


def _unexpected(error: Exception) -> ResponseReturnValue:
    number = secrets.token_hex(4)
    log.exception("request %s %s failed, number %s", request.method, request.path, number)
    return _page(
        500, "出现了程序错误", f"已保存的内容不受影响。请把编号 {number} 告诉管理员，以便在日志中查找。"
    )
