"""The HTTP contract: parse, call the library, respond. Nothing here decides anything.

routing                        from a path to who answers it
operation, openapi             a route as a value; the document that is made of them all
services, problems             what routes are given; the answer where one was refused or failed
fields, filters, days          what requests may hold: fields, what lists are asked, dates
answers, pages                 what many routes answer: an image, a page of them

images, overview, drawers      an owner's images; what they come to; inputs and controls
bulk, events, recovery         changes of many; what happens; links for another browser
uploads, direct                taking in: in one request (``receive`` reads its body), and in
                               three steps; what both share is ``intake``
outputs                        the bytes of images: the part asked for (``ranges``), of what is
                               there (``served``), sent (``sending``) or left to a store or
                               CDN (``redirects``)

admin, state                   all images, with a token; the server itself
system, application            health, metrics, the document; the browser application
"""
