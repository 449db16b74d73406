"""LangGraph: a graph of a model node and a tool node; `--sqlite` keeps checkpoints in SQLite, `--sync` waits for each."""

import asyncio
import sys
from typing import Any

from common import Runner, look, serve
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.types import Command, interrupt

HOW = {"durability": "sync"} if "--sync" in sys.argv else {}


@tool("look")
def look_at(path: str) -> str:
    """Look at a file."""
    return look(path)


@tool("look")
def ask_first(path: str) -> str:
    """Look at a file, once a person has said so."""
    interrupt({"path": path})
    return look(path)


class LangGraph(Runner):
    """One graph per model name."""

    async def open(self) -> None:
        """See `Runner`."""
        self.graphs: dict[tuple[str, bool], Any] = {}
        self.saver = None
        if "--sqlite" in sys.argv:
            self.context = AsyncSqliteSaver.from_conn_string(str(self.home / "langgraph.db"))
            self.saver = await self.context.__aenter__()

    def _graph(self, model: str, *, asks: bool = False) -> Any:
        known = self.graphs.get((model, asks))
        if known is not None:
            return known
        offered = ask_first if asks else look_at
        chat = ChatOpenAI(model=model, base_url=self.url, api_key="none").bind_tools([offered])

        async def think(state: MessagesState) -> dict:
            return {"messages": [await chat.ainvoke(state["messages"])]}

        graph = StateGraph(MessagesState)
        graph.add_node("think", think)
        graph.add_node("tools", ToolNode([offered]))
        graph.add_edge(START, "think")
        graph.add_conditional_edges("think", tools_condition)
        graph.add_edge("tools", "think")
        compiled = graph.compile(checkpointer=self.saver)
        self.graphs[model, asks] = compiled
        return compiled

    async def run(self, key: str, model: str, *, stream: bool) -> None:
        """See `Runner`."""
        begin = {"messages": [("user", "go")]}
        if not stream:
            await self._graph(model).ainvoke(begin, _config(key), **HOW)
            return
        graph = self._graph(model)
        async for _ in graph.astream(begin, _config(key), stream_mode="messages", **HOW):
            pass

    async def wait(self, key: str, model: str) -> None:
        """See `Runner`."""
        await self._graph(model, asks=True).ainvoke({"messages": [("user", "go")]}, _config(key))

    async def wake(self, key: str) -> None:
        """See `Runner`."""
        await self._graph("bench-2", asks=True).ainvoke(Command(resume=True), _config(key))

    async def recover(self) -> None:
        """Go on with every thread that there is: LangGraph has nothing that would do it by itself."""
        graph = self._graph("slow-50")
        threads = {one.config["configurable"]["thread_id"] async for one in self.saver.alist(None)}
        await asyncio.gather(*(graph.ainvoke(None, _config(one), **HOW) for one in threads))


def _config(key: str) -> dict:
    return {"configurable": {"thread_id": key}, "recursion_limit": 10_000}


if __name__ == "__main__":
    serve(LangGraph)
