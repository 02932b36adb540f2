"""Who is who on Windows: users by their SIDs, as strings, without pywin32.

The functions are advapi32's and kernel32's, by the names and numbers of the documentation.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha1
from struct import unpack

from bgsvc._model.errors import NotAllowedError, PlatformError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SYSTEM, ADMINISTRATORS = "S-1-5-18", "S-1-5-32-544"
SERVICE_OWNERS = frozenset({SYSTEM, ADMINISTRATORS, "S-1-5-19", "S-1-5-20"})
"""Who owns what a machine's services make: those, and LocalService and NetworkService."""

_TOKEN_QUERY = 0x0008
_TOKEN_USER = 1
_PROCESS_QUERY_LIMITED_INFORMATION = 0x1000
_AS_SELF = True
_SE_KERNEL_OBJECT = 6
_OWNER_SECURITY_INFORMATION = 1
_SDDL_REVISION_1 = 1


def service_sid(service: str) -> str:
    """Return the SID of the account that Windows makes for a service, below `NT SERVICE`.

    It is the SHA-1 of the name in capitals, which nobody but the service control manager gives
    to a process (MS-DTYP 2.4.2.4, S-1-5-80).
    """
    digest = sha1(service.upper().encode("utf-16-le"), usedforsecurity=False).digest()
    return "S-1-5-80-" + "-".join(map(str, unpack("<5I", digest)))


@cache
def _libraries() -> tuple[Any, Any, Any]:
    """Return ctypes, advapi32 and kernel32, with the types of what is called in them."""
    ctypes: Any = __import__("ctypes")
    advapi = ctypes.WinDLL("advapi32", use_last_error=True)
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    pointer, number, yes = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int32
    kernel.GetCurrentProcess.restype = pointer
    kernel.OpenProcess.argtypes = (number, yes, number)
    kernel.OpenProcess.restype = pointer
    kernel.CloseHandle.argtypes = (pointer,)
    kernel.LocalFree.argtypes = (pointer,)
    kernel.GetNamedPipeClientProcessId.argtypes = (pointer, pointer)
    kernel.GetCurrentThread.restype = pointer
    advapi.ImpersonateNamedPipeClient.argtypes = (pointer,)
    advapi.OpenThreadToken.argtypes = (pointer, number, yes, pointer)
    advapi.OpenProcessToken.argtypes = (pointer, number, pointer)
    advapi.GetTokenInformation.argtypes = (pointer, yes, pointer, number, pointer)
    advapi.ConvertSidToStringSidW.argtypes = (pointer, pointer)
    advapi.GetSecurityInfo.argtypes = (pointer, yes, number, *(pointer,) * 5)
    advapi.GetSecurityInfo.restype = number
    convert = advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW
    convert.argtypes = (ctypes.c_wchar_p, number, pointer, pointer)
    return ctypes, advapi, kernel


def own_sid() -> str:
    """Return the SID of the user this process runs as.

    Raises:
        PlatformError: If Windows does not say.
    """
    _, _, kernel = _libraries()
    return _process_sid(kernel.GetCurrentProcess())


def client_sid(pipe: int) -> str:
    """Return the SID of the user at the client's end of a pipe.

    Raises:
        PlatformError: If Windows does not say.
    """
    ctypes, advapi, kernel = _libraries()
    if not advapi.ImpersonateNamedPipeClient(pipe):
        return client_process_sid(pipe)  # it may want to be asked after a first read only
    token = ctypes.c_void_p()
    try:
        thread = kernel.GetCurrentThread()
        found = advapi.OpenThreadToken(thread, _TOKEN_QUERY, _AS_SELF, ctypes.byref(token))
        trouble = None if found else _refused("OpenThreadToken")
    finally:
        reverted = advapi.RevertToSelf()
    if trouble is not None or not reverted:
        raise trouble or _refused("RevertToSelf")
    return _token_sid(token)


def client_process_sid(pipe: int) -> str:
    """Return the SID of the user whose process is at the client's end of a pipe.

    Raises:
        PlatformError: If Windows does not say.
    """
    ctypes, _, kernel = _libraries()
    process = ctypes.c_uint32()
    if not kernel.GetNamedPipeClientProcessId(pipe, ctypes.byref(process)):
        raise _refused("GetNamedPipeClientProcessId")
    handle = kernel.OpenProcess(_PROCESS_QUERY_LIMITED_INFORMATION, False, process)  # noqa: FBT003 - BOOL
    if not handle:
        raise _refused("OpenProcess")
    try:
        return _process_sid(handle)
    finally:
        kernel.CloseHandle(handle)


def owner_sid(pipe: int) -> str:
    """Return the SID of a pipe's owner: whoever made it.

    Raises:
        PlatformError: If Windows does not say.
    """
    ctypes, advapi, kernel = _libraries()
    owner, descriptor = ctypes.c_void_p(), ctypes.c_void_p()
    code = advapi.GetSecurityInfo(
        pipe,
        _SE_KERNEL_OBJECT,
        _OWNER_SECURITY_INFORMATION,
        ctypes.byref(owner),
        None,
        None,
        None,
        ctypes.byref(descriptor),
    )
    if code:
        raise _refused("GetSecurityInfo", code)
    try:
        return _text(owner)
    finally:
        kernel.LocalFree(descriptor)


class OnlyFor:
    """The security attributes of something that is its owner's, and for some users alone."""

    def __init__(self, owner: str, *users: str) -> None:
        ctypes, advapi, kernel = _libraries()
        self._free: Callable[[object], object] = kernel.LocalFree
        self._descriptor = ctypes.c_void_p()
        allowed = "".join(f"(A;;GA;;;{user})" for user in users)
        text = f"O:{owner}D:P{allowed}"
        if not advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text, _SDDL_REVISION_1, ctypes.byref(self._descriptor), None
        ):
            raise _refused("ConvertStringSecurityDescriptorToSecurityDescriptor")

        class Attributes(ctypes.Structure):  # type: ignore[misc,name-defined,unused-ignore]
            _fields_ = (
                ("nLength", ctypes.c_uint32),
                ("lpSecurityDescriptor", ctypes.c_void_p),
                ("bInheritHandle", ctypes.c_int32),
            )

        self._attributes = Attributes(ctypes.sizeof(Attributes), self._descriptor, 0)
        self.address = int(ctypes.addressof(self._attributes))

    def free(self) -> None:
        """Give the memory back."""
        self._free(self._descriptor)


def expect(found: str, wanted: frozenset[str]) -> None:
    """Look whether a user is one of those wanted.

    Raises:
        NotAllowedError: It is not.
    """
    if found not in wanted:
        text = f"{found} is at the other end, not {' or '.join(sorted(wanted))}"
        raise NotAllowedError(text, fix="see what runs there; trust nothing it says")


def _process_sid(process: int) -> str:
    ctypes, advapi, _ = _libraries()
    token = ctypes.c_void_p()
    if not advapi.OpenProcessToken(process, _TOKEN_QUERY, ctypes.byref(token)):
        raise _refused("OpenProcessToken")
    return _token_sid(token)


def _token_sid(token: object) -> str:
    """Return whose a token is, and give it back."""
    ctypes, advapi, kernel = _libraries()
    try:
        size = ctypes.c_uint32()
        advapi.GetTokenInformation(token, _TOKEN_USER, None, 0, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        if not advapi.GetTokenInformation(token, _TOKEN_USER, buffer, size, ctypes.byref(size)):
            raise _refused("GetTokenInformation")
        return _text(ctypes.c_void_p.from_buffer(buffer))  # TOKEN_USER begins with a PSID
    finally:
        kernel.CloseHandle(token)


def _text(sid: object) -> str:
    ctypes, advapi, kernel = _libraries()
    text = ctypes.c_wchar_p()
    if not advapi.ConvertSidToStringSidW(sid, ctypes.byref(text)):
        raise _refused("ConvertSidToStringSid")
    try:
        return str(text.value)
    finally:
        kernel.LocalFree(ctypes.cast(text, ctypes.c_void_p))


def _refused(function: str, code: int | None = None) -> PlatformError:
    ctypes: Any = __import__("ctypes")
    code = ctypes.get_last_error() if code is None else code
    return PlatformError(f"{function} failed with {code}: {ctypes.FormatError(code)}")
