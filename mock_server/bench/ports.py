"""A port for a program that has to be told one, and may end and start again."""

import socket


def held() -> tuple[socket.socket, int]:
    """A socket that never listens, and its port, which the system gives to nobody else while the socket is open.

    A port that was only found free may be taken by any connection of this machine before it is used. A program that
    allows its address to be used again or shared, as servers do, can listen on this one.
    """
    holder = socket.socket()
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        holder.setsockopt(socket.SOL_SOCKET, option, 1)
    holder.bind(("127.0.0.1", 0))
    return holder, int(holder.getsockname()[1])
