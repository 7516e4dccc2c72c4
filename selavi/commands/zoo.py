"""selavi zoo: list, get and check the released models."""

import argparse

HELP = "list, get and check the models that the paper's authors released"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="list the models, and which of them are here")
    get = actions.add_parser("get", help="download models; an interrupted download continues")
    get.add_argument("names", nargs="+", metavar="NAME", help="a name that `selavi zoo list` shows")
    get.add_argument(
        "--from", dest="origin", default="", metavar="FILE|URL",
        help="take the file from here in place of the authors' address",
    )  # fmt: skip
    check = actions.add_parser("check", help="compare models with their recorded SHA-256")
    check.add_argument("names", nargs="*", metavar="NAME", help="default: all that are here")


def run(options: argparse.Namespace) -> int:
    from selavi.models.zoo_tool import check, get_all, listing

    if options.action == "list":
        print(listing())
    elif options.action == "get":
        get_all(options.names, options.origin)
    else:
        return int(not check(options.names))
    return 0
