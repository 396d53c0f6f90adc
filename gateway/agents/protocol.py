"""The Model Context Protocol over Streamable HTTP, by its own library, which only this file imports.

Stateless: each request is answered whole, by a manager of its own, and what it starts ends with it. So no session is
kept, no stream stays open, and a request that is cancelled leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from gateway.agents.calls import AgentTools
from policy.grant import Grant
from schema.api.tools import Tool

NAME = "customer-data"
INSTRUCTIONS = (
    "Each tool is one question about customers, for the one purpose that it names. Every answer is recorded with your "
    "client, its purpose and its reference, and each customer can see it. Read no more than the errand needs. What is "
    "refused stays refused for you: do not look for it elsewhere, but ask the person you work for."
)


async def answer(
    tools: AgentTools, grant: Grant, person: str | None, most: int, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer one request, whose body has at most `most` bytes, of an authenticated client."""

    async def listed(_: ServerRequestContext[Any], __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_tool(each) for each in (await tools.tools(grant)).values()])

    async def called(_: ServerRequestContext[Any], asked: types.CallToolRequestParams) -> types.CallToolResult:
        found = await tools.call(grant, asked.name, asked.arguments or {}, person)
        content: list[types.ContentBlock] = [types.TextContent(type="text", text=found.text)]
        return types.CallToolResult(content=content, structured_content=dict(found.data), is_error=found.failed)

    server = Server(
        NAME,
        version=version("customer-data-gateway"),
        instructions=INSTRUCTIONS,
        on_list_tools=listed,
        on_call_tool=called,
    )
    # Host and Origin were checked before, by the rules of every other address (`gateway.http.hosts`).
    manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True, max_request_body_size=most)
    async with manager.run():
        await manager.handle_request(scope, receive, send)


def _tool(tool: Tool) -> types.Tool:
    schema: Mapping[str, Any] = tool.input_schema
    return types.Tool(
        name=tool.name,
        description=tool.description,
        input_schema=dict(schema),
        annotations=types.ToolAnnotations(
            read_only_hint=not tool.changes, destructive_hint=tool.changes, open_world_hint=False
        ),
    )
